"""dockerfile-parse, given only what it cannot misread.

It knows keywords and values of instructions, but neither heredocs nor blank lines in
continuations nor several other rules. So it gets each instruction as one physical line, at its own
line number, the rest between two marks that disarm trimming and continuation. What it answers is
what the nodes are built from; that it found the same instructions is checked on every run.
"""

from __future__ import annotations

from io import StringIO

# A file with a NUL never gets here, so this cannot occur in a value.
_MARK = "\0"


def read_back(instructions: list[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """(line, keyword, value) of every instruction -> (keyword, value) as dockerfile-parse reads them."""
    from dockerfile_parse import DockerfileParser

    out: list[str] = []
    at = 1
    for line, keyword, value in instructions:
        out.append("\n" * (line - at))
        out.append(f"{keyword} {_MARK}{value}{_MARK}\n")
        at = line + 1
    structure = DockerfileParser(fileobj=StringIO("".join(out))).structure
    found = [(node["startline"] + 1, node["instruction"]) for node in structure]
    if found != [(line, keyword) for line, keyword, _ in instructions]:
        raise AssertionError("dockerfile-parse sees other instructions than the line reader")
    return [(node["instruction"], node["value"].strip(_MARK)) for node in structure]
