"""The line replacements between two versions of a text, as SARIF defines them."""

from __future__ import annotations

import difflib
from typing import Any

from slimify.report.diff import lines_of

_BOM = "\ufeff"  # not counted as a column


def replacements(before: str, after: str) -> list[dict[str, Any]] | None:
    """The replacements; None if a text has bytes that are not UTF-8, which JSON can't represent."""
    if any("\udc80" <= char <= "\udcff" for char in before + after):
        return None
    old, new = lines_of(before.removeprefix(_BOM)), lines_of(after.removeprefix(_BOM))
    edits = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    return [
        {"deletedRegion": _region(old, a, b), "insertedContent": {"text": "".join(new[c:d])}}
        for kind, a, b, c, d in edits
        if kind != "equal"
    ]


def _region(lines: list[str], first: int, last: int) -> dict[str, int]:
    """The region of lines from `first` to `last` (exclusive); if both are equal, the point before them."""
    start, column = _point(lines, first)
    end, end_column = _point(lines, last)
    return {"startLine": start, "startColumn": column, "endLine": end, "endColumn": end_column}


def _point(lines: list[str], index: int) -> tuple[int, int]:
    """Line and column (from 1) before a line; at the end of a text without a final newline, its end."""
    if index == len(lines) and lines and not lines[-1].endswith("\n"):
        return len(lines), len(lines[-1]) + 1
    return index + 1, 1
