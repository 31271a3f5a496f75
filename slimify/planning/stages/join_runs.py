"""Single commands are joined that become consecutive because the RUN between them moved to the other stage
(hadolint DL3059)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.plan import Item
from slimify.model.regex import regex
from slimify.syntax.shell.append import joined
from slimify.syntax.shell.script import EditRefused

# Shell form, without anything that changes the effect of a command added at the end.
_PLAIN = regex(
    r"RUN (?!\s*[-\[])(?!.*(<<|#|\|\||;|&\s*$|\bcd )).*",
    re.DOTALL | re.IGNORECASE,
)


def run_with_command(item: Item, command: str, end: str) -> Item | None:
    """A RUN with one more command at its end; None if the item is not a RUN, or one of them is not plain
    enough."""
    comments, body = split_comments(item.text)
    if not _PLAIN.fullmatch(body) or not _PLAIN.fullmatch(f"RUN {command}"):
        return None
    try:
        text = joined(body, (command,), f" \\{end}    && ")
    except EditRefused:
        return None
    return replace(item, text=f"{comments}{text}{end}")


def joined_runs(program: Program, items: Sequence[Item]) -> tuple[Item, ...]:
    """The items of a stage, with single-command RUNs joined. A file that already has consecutive
    single-command RUNs is left alone."""
    end = program.dockerfile.newline
    if any(
        _is_single_command(program, a.index) and _is_single_command(program, b.index)
        for a, b in pairwise(program.steps)
    ):
        return tuple(items)
    result: list[Item] = []
    before = False
    for item in items:
        single = item.origin is not None and _is_single_command(program, item.origin)
        if single and before:
            comments, body = split_comments(item.text)
            last = result[-1]
            joined = run_with_command(last, body.partition(" ")[2].lstrip(), end) if not comments else None
            if joined is not None:
                result[-1] = joined
                continue
        result.append(item)
        before = single
    return tuple(result)


def split_comments(text: str) -> tuple[str, str]:
    """The comments above an instruction, and its text without the final line end."""
    lines = text.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (not lines[above].strip() or lines[above].lstrip().startswith("#")):
        above += 1
    return "".join(lines[:above]), "".join(lines[above:]).rstrip()


def _is_single_command(program: Program, index: int) -> bool:
    """Whether a RUN is one shell-form command without flags that leaves the shell state unchanged."""
    if index < program.steps[0].index:
        return False
    step = program.step(index)
    if step.keyword != "RUN" or step.instruction.flags or step.instruction.heredocs:
        return False
    if step.instruction.exec_form is not None or step.script.opaque or len(step.script.atoms) != 1:
        return False
    return not step.script.atoms[0].opaque and not step.script.atoms[0].state
