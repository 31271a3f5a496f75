"""Splits one logical line into keyword, flags and JSON array."""

from __future__ import annotations

import json
import re

from slimify.model.dockerfile import Flag
from slimify.model.regex import regex
from slimify.syntax.dockerfile.words import SPACE

_SEPARATOR = regex(r"[\t\v\f\r ]+")
_FLAG_SPACE = "\t\n\v\f\r \x85\xa0"
_SURROGATE_ESCAPE = regex(r"\\u[dD][89a-fA-F]")


def split_keyword(text: str) -> tuple[str, int]:
    """The first word of a logical line, and the offset where its arguments start."""
    start = len(text) - len(text.lstrip(SPACE))
    end = len(text.rstrip(SPACE))
    found = _SEPARATOR.search(text, start, end)
    return (text[start : found.start()], found.end()) if found else (text[start:end], max(start, end))


def split_flags(text: str, start: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The `--name=value` flags from `start` on, and the offset of the first other word.

    Quotes and escapes are removed. A bare `--` ends the flags.
    """
    flags: list[Flag] = []
    position = start
    while True:
        while position < len(text) and text[position] in _FLAG_SPACE:
            position += 1
        if not text.startswith("--", position):
            return tuple(flags), position
        word, position = _flag_word(text, position, escape)
        if word == "--":
            return tuple(flags), position
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name=name, value=value if equals else None))


def _flag_word(text: str, position: int, escape: str) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while position < len(text):
        char = text[position]
        if not quote and char in _FLAG_SPACE:
            break
        position += 1
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif char == escape:
            word.append(text[position : position + 1])
            position += 1
        else:
            word.append(char)
    return "".join(word), min(position, len(text))


class NonStringArray(ValueError):
    """A JSON array with an item that is not a string."""


def json_array(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, or None if `text` is not one (BuildKit then treats it as shell text).

    Raises NonStringArray if an item is not a string; BuildKit rejects such an array.
    """
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text, parse_constant=_reject_constant)
    except RecursionError:
        raise NonStringArray from None
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in value):
        raise NonStringArray
    if _SURROGATE_ESCAPE.search(text):  # Go decodes a lone surrogate as U+FFFD
        value = [re.sub("[\ud800-\udfff]", "\ufffd", item) for item in value]
    return tuple(value)


def _reject_constant(constant: str) -> None:
    raise ValueError(constant)  # Python accepts NaN and Infinity, JSON does not
