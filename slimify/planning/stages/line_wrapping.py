"""Line wrapping for RUNs to which package names are added."""

from __future__ import annotations

from collections.abc import Sequence

_LINE_COLUMNS = 110
_NAME_COLUMNS = 80  # for lines that hold only package names


def with_wrapped_names(text: str, names: Sequence[str], end: str) -> str:
    """The text with adjacent `names` wrapped onto lines of their own, and the next command on a new line,
    if their line is too long. `end` is the file's line end."""
    together = " ".join(names)
    line = next((x for x in text.split(end) if together in x), "")
    if len(line) <= _LINE_COLUMNS:
        return text
    before, _, after = line.partition(together)
    indent = line[: len(line) - len(line.lstrip())] or " " * 8
    rest = after.strip()
    if rest.startswith("&&") and len(before + together) <= _LINE_COLUMNS:
        rows = [before + together]
    else:
        rows = [before.rstrip(), *(f"{indent}{row}" for row in _wrapped(names))]
    if rest.startswith("&&"):
        rows.append(f"    {rest}")
    elif rest:
        rows[-1] += f" {rest}"
    return text.replace(line, f" \\{end}".join(rows), 1)


def _wrapped(names: Sequence[str]) -> list[str]:
    rows = [""]
    for name in names:
        if rows[-1] and len(rows[-1]) + len(name) > _NAME_COLUMNS:
            rows.append("")
        rows[-1] = f"{rows[-1]} {name}".strip()
    return rows
