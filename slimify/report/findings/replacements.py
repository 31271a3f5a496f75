"""Two versions of a text → the replacements of lines that lead from one to the other, as in SARIF."""

from __future__ import annotations

import difflib
from typing import Any

_BOM = "\ufeff"  # no part of the text for whoever counts its columns


def replacements(before: str, after: str) -> list[dict[str, Any]] | None:
    """None where the texts have bytes that are no text: a report can't carry them."""
    if any("\udc80" <= char <= "\udcff" for char in before + after):
        return None
    old, new = _lines(before.removeprefix(_BOM)), _lines(after.removeprefix(_BOM))
    edits = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    return [
        {"deletedRegion": _region(old, a, b), "insertedContent": {"text": "".join(new[c:d])}}
        for kind, a, b, c, d in edits
        if kind != "equal"
    ]


def _region(lines: list[str], first: int, last: int) -> dict[str, int]:
    """Lines from `first` up to, without, `last`; where both are the same, the place in front of them."""
    start, column = _point(lines, first)
    end, end_column = _point(lines, last)
    return {"startLine": start, "startColumn": column, "endLine": end, "endColumn": end_column}


def _point(lines: list[str], index: int) -> tuple[int, int]:
    """Line and column, from 1, of the place in front of a line; behind the last one without a newline: its
    end."""
    if index == len(lines) and lines and not lines[-1].endswith("\n"):
        return len(lines), len(lines[-1]) + 1
    return index + 1, 1


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends one."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
