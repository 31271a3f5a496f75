"""The commands in a document: its fenced and indented blocks, and the code in its sentences."""

from __future__ import annotations

import re

from slimify.model.regex import regex

NAME = regex(r"README(?:\.\w+)?", re.IGNORECASE)
_FENCE = regex(r"\s*(?:```|~~~)")
_PROMPT = regex(r"\A\s*[$%>] ")
_SPAN = regex(r"`([^`]+)`")


def code_of(text: str) -> str:
    """The code of a document, each line in its place."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        code = fenced or line.startswith(("    ", "\t"))
        lines.append("" if fence else _PROMPT.sub("", line, 1) if code else " ; ".join(_SPAN.findall(line)))
    return "\n".join(lines)
