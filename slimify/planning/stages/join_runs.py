"""RUNs that become one: what is added to the builder, and single commands that come to stand side by side
because what stood between them went to the other stage (hadolint DL3059: consecutive RUNs).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.plan import Item

# Shell form, and nothing in it that changes what a command behind it would do.
_PLAIN = re.compile(
    r"RUN (?!\s*[-\[])(?!.*(<<|#|\|\||;|&\s*$|\bcd )).*",
    re.DOTALL | re.IGNORECASE,
)


def lengthened(item: Item, command: str, end: str) -> Item | None:
    """A RUN with one more command at its end; None if it is no RUN, or not plain enough for that."""
    comments, body = parted(item.text)
    if not _PLAIN.fullmatch(body):
        return None
    return replace(item, text=f"{comments}{body} \\{end}    && {command}{end}")


def side_by_side(program: Program, items: Sequence[Item]) -> tuple[Item, ...]:
    """The items of a stage with single commands joined where the file has none side by side."""
    end = program.dockerfile.newline
    if any(_single(program, a.index) and _single(program, b.index) for a, b in pairwise(program.steps)):
        return tuple(items)
    result: list[Item] = []
    before = False
    for item in items:
        single = item.origin is not None and _single(program, item.origin)
        if single and before:
            comments, body = parted(item.text)
            last = result[-1]
            joined = lengthened(last, body.partition(" ")[2].lstrip(), end) if not comments else None
            if joined is not None:
                result[-1] = joined
                continue
        result.append(item)
        before = single
    return tuple(result)


def parted(text: str) -> tuple[str, str]:
    """The comments above an instruction, and its text without the line's end."""
    lines = text.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (not lines[above].strip() or lines[above].lstrip().startswith("#")):
        above += 1
    return "".join(lines[:above]), "".join(lines[above:]).rstrip()


def _single(program: Program, index: int) -> bool:
    """A RUN in shell form, without flags, of one command that leaves the shell's state as it is."""
    if index < program.steps[0].index:
        return False
    step = program.step(index)
    if step.keyword != "RUN" or step.script is None or step.instruction.flags or step.instruction.heredocs:
        return False
    if step.instruction.exec_form is not None or step.script.opaque or len(step.script.atoms) != 1:
        return False
    return not step.script.atoms[0].opaque and not step.script.atoms[0].state
