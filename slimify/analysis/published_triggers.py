"""A FROM of an image with published ONBUILD steps, as the instructions that it stands for.

The file is changed before it is classified, so that nobody else has to know such images.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.facts.onbuild import written_out
from slimify.model.decisions import Decision, InstructionVerdict
from slimify.model.dockerfile import Dockerfile
from slimify.model.outcome import Outcome
from slimify.syntax.dockerfile.instructions import from_parts, is_multi_stage
from slimify.syntax.dockerfile.parser import encode, parse


def with_triggers(file: Dockerfile, name: str, outcome_of: Callable[[Dockerfile], Outcome]) -> Outcome:
    """The outcome of a file, with the steps that its base image adds written out; they are in the line of
    FROM."""
    start = file.instructions[file.last_from]
    reference = from_parts(start).image
    found = written_out(reference)
    if found is None or is_multi_stage(file):
        return outcome_of(file)
    base, lines = found
    if any(x.keyword in ("CMD", "ENTRYPOINT") for x in file.instructions):
        lines = tuple(line for line in lines if not line.startswith("CMD"))
    first = start.raw.replace(reference, base, 1).rstrip("\r\n")
    written = file.newline.join((first, *lines)) + file.newline
    text = "".join(written if node is start else node.raw for node in file.nodes)
    outcome = outcome_of(parse(encode(text), name))
    last, added = start.end_line, len(lines)
    was = {n: n - added if n > last + added else min(n, last) for n in range(1, text.count("\n") + 2)}
    told = Decision.of("SL402", "written_out", safety="safe", line=start.line, base=reference)
    return replace(
        outcome,
        before=file.text,
        instructions=tuple(_at_line(x, was[x.instruction.line]) for x in outcome.instructions),
        decisions=(
            told,
            *(replace(d, args=d.at_lines(was), line=was.get(d.line or 0)) for d in outcome.decisions),
        ),
    )


def _at_line(verdict: InstructionVerdict, line: int) -> InstructionVerdict:
    return replace(verdict, instruction=replace(verdict.instruction, line=line))
