"""The text of an item: its comments, and a RUN with one more command."""

from __future__ import annotations

import re

from msgspec.structs import replace

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


def split_comments(text: str) -> tuple[str, str]:
    """The comments above an instruction, and its text without the final line end."""
    lines = text.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (not lines[above].strip() or lines[above].lstrip().startswith("#")):
        above += 1
    return "".join(lines[:above]), "".join(lines[above:]).rstrip()
