"""Instruction keywords, and suggestions for unknown ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slimify.model.dockerfile import Instruction, Node
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex
from slimify.syntax.dockerfile.syntax_error import syntax_error

_ALL = """ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL
STOPSIGNAL USER VOLUME WORKDIR"""
KEYWORDS = {word.lower(): word for word in _ALL.split()} | {word: word for word in _ALL.split()}
# Instructions that only describe the image; a stage that is thrown away needs none of them.
CONFIG_ONLY = frozenset(
    {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "STOPSIGNAL", "VOLUME"}
)
_NAMES = tuple(_ALL.split())
_MISSING_SPACE = "(" + "|".join(_NAMES) + r")[\[\"'=:$/]"
PLACEHOLDER = regex(r"\{\{|\{%|\{#|<%|%%|@@?[A-Za-z_]+@")
_COMMAND = regex(r"(?:[a-z0-9_.~/-]|\$\w)[\w./+-]*\Z")


def unknown_instruction(word: str, rest: str, line: int, raw: str, before: Sequence[Node]) -> SlimifyError:
    """The error for a line `raw` that begins with `word`, with a suggestion as its hint.

    `rest` is the line after `word`; `before` are the nodes above the line.
    """
    if PLACEHOLDER.match(word):
        return syntax_error("SL401", f"{word!r} is a template placeholder", line, "render the template first")
    return syntax_error("SL002", f'unknown instruction "{word}"', line, _suggestion(word, rest, raw, before))


def _suggestion(word: str, rest: str, raw: str, before: Sequence[Node]) -> str:
    if unspaced := re.match(_MISSING_SPACE, word, re.IGNORECASE):
        return f"add a space after {unspaced[1].upper()}"
    if before and isinstance(last := before[-1], Instruction) and last.keyword == "RUN":
        indented = raw[:1] in (" ", "\t") and last.raw[:1] not in (" ", "\t")
        if indented or last.value.endswith(("&&", "||", "|")):
            return f"is a \\ missing at the end of line {last.end_line}?"
    if len(word) > 3 or word.isupper():
        for name in _NAMES:
            if is_one_edit_apart(word.upper(), name):
                return f"did you mean {name}?"
    if _COMMAND.match(word):
        return f"did you mean RUN {_short(f'{word} {rest}'.strip())}?"
    return ""


def _short(text: str) -> str:
    words = text.split()
    return text if len(text) <= 40 else " ".join(words[:2])[:40] + " …"


def is_one_edit_apart(left: str, right: str) -> bool:
    """Whether the words differ by one added, removed or changed letter, or by two swapped ones."""
    if abs(len(left) - len(right)) > 1:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    if left[start + 1 :] == right[start:] or left[start:] == right[start + 1 :]:
        return True
    swapped = left[:start] + left[start + 1 : start + 2] + left[start : start + 1] + left[start + 2 :]
    return left[start + 1 :] == right[start + 1 :] or swapped == right
