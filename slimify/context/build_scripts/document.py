"""The commands in a document: its fenced and indented blocks, and the code in its sentences; in a Dockerfile,
the comments."""

from __future__ import annotations

import re

from slimify.model.regex import regex

NAME = regex(r"README(?:\.\w+)?", re.IGNORECASE)
DOCKERFILE = regex(r"[\w.-]*Dockerfile[\w.-]*|Containerfile", re.IGNORECASE)
_COMMENT = regex(r"[ \t]*#+(.*)")
_FENCE = regex(r"\s*(?:```|~~~)")
_PROMPT = regex(r"\A\s*[$%>] ")
_SPAN = regex(r"`([^`]+)`")


def is_document(name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in (NAME, DOCKERFILE))


def code_of(name: str, text: str) -> str:
    """The code of a document, each line in its place."""
    if DOCKERFILE.fullmatch(name):
        comments = map(_COMMENT.match, text.split("\n"))
        return "\n".join(_PROMPT.sub("", found[1], 1) if found else "" for found in comments)
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        code = fenced or line.startswith(("    ", "\t"))
        lines.append("" if fence else _PROMPT.sub("", line, 1) if code else " ; ".join(_SPAN.findall(line)))
    return "\n".join(lines)
