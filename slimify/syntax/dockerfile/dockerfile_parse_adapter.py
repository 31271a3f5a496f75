"""Adapter for the dockerfile-parse library.

The library splits keyword and value, but does not support heredocs or blank lines in
continuations. So it receives each instruction as one physical line, at its original line number,
with the value between two marks that prevent trimming and continuation. Every run checks that it
found the same instructions as our line reader.
"""

from __future__ import annotations

from io import StringIO

# The parser rejects files with NUL bytes, so no value contains one.
_MARK = "\0"


def parse_instructions(instructions: list[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """Map (line, keyword, value) of each instruction to (keyword, value) as dockerfile-parse reads it."""
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
        raise AssertionError("dockerfile-parse and the line reader found different instructions")
    return [(node["instruction"], node["value"].strip(_MARK)) for node in structure]
