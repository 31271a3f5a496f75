"""Line wrapping for RUNs to which package names are added."""

from __future__ import annotations

from collections.abc import Sequence

_LINE_COLUMNS = 110
_NAME_COLUMNS = 81  # for lines that hold only package names


def with_wrapped_names(text: str, names: Sequence[str], end: str) -> str:
    """The text with adjacent `names` wrapped onto lines of their own, and the next command on a new line,
    if their line is too long. `end` is the file's line end."""
    together = " ".join(names)
    line = next((x for x in text.split(end) if together in x), "")
    if len(line) <= _LINE_COLUMNS:
        return text
    from textwrap import wrap

    before, _, after = line.partition(together)
    indent = line[: len(line) - len(line.lstrip())] or " " * 8
    rest = after.strip()
    if rest.startswith("&&") and len(before + together) <= _LINE_COLUMNS:
        rows = [before + together]
    else:
        packed = wrap(together, _NAME_COLUMNS, break_long_words=False, break_on_hyphens=False)
        rows = [before.rstrip(), *(f"{indent}{row}" for row in packed)]
    if rest.startswith("&&"):
        rows.append(f"    {rest}")
    elif rest:
        rows[-1] += f" {rest}"
    return text.replace(line, f" \\{end}".join(rows), 1)
