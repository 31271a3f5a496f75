"""Lines of a RUN to which something is added: names that make one too long, commands behind its last."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST = 110  # columns of a line
_NAMES = 80  # columns of names in a line of their own
_TRAILING = re.compile(r"&&[ \t]*\\\r?\n([ \t]*)")
_LEADING = re.compile(r"\\\r?\n([ \t]*)&& ")


def with_more(text: str, commands: Sequence[str], end: str) -> str | None:
    """The text of a RUN, without its last line's end, with commands behind its last one, each on a line like
    those before it; None where all of it is one line."""
    trailing = _TRAILING.search(text)
    if trailing is not None:
        return f" && \\{end}{trailing[1]}".join((text, *commands))
    if "\n" not in text:
        return None
    leading = _LEADING.findall(text) or ["    "]
    return f" \\{end}{leading[-1]}&& ".join((text, *commands))


def broken(text: str, names: Sequence[str], end: str) -> str:
    """The text with these names, which stand side by side in it, on lines of their own, and a command behind
    them on the next, where the line that has them got too long. `end` is the file's line end."""
    together = " ".join(names)
    line = next((x for x in text.split(end) if together in x), "")
    if len(line) <= _MOST:
        return text
    before, _, after = line.partition(together)
    indent = line[: len(line) - len(line.lstrip())] or " " * 8
    rest = after.strip()
    if rest.startswith("&&") and len(before + together) <= _MOST:
        rows = [before + together]
    else:
        rows = [before.rstrip(), *(f"{indent}{row}" for row in _filled(names))]
    if rest.startswith("&&"):
        rows.append(f"    {rest}")
    elif rest:
        rows[-1] += f" {rest}"
    return text.replace(line, f" \\{end}".join(rows), 1)


def _filled(names: Sequence[str]) -> list[str]:
    rows = [""]
    for name in names:
        if rows[-1] and len(rows[-1]) + len(name) > _NAMES:
            rows.append("")
        rows[-1] = f"{rows[-1]} {name}".strip()
    return rows
