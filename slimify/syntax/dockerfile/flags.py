"""The parts of one logical line: keyword, flags, JSON array."""

from __future__ import annotations

import json
import re

from slimify.model.dockerfile import Flag
from slimify.syntax.dockerfile.words import SPACE

_SEPARATOR = re.compile(r"[\t\v\f\r ]+")
_FLAG_SPACE = "\t\n\v\f\r \x85\xa0"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def split_keyword(text: str) -> tuple[str, int]:
    """The first word of a logical line and the offset of what follows it."""
    start = len(text) - len(text.lstrip(SPACE))
    end = len(text.rstrip(SPACE))
    found = _SEPARATOR.search(text, start, end)
    return (text[start : found.start()], found.end()) if found else (text[start:end], max(start, end))


def split_flags(text: str, start: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The `--name=value` words from `start` on, and the offset of the first word that is none.

    Quotes and escapes are removed, a bare `--` ends the flags.
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


class NotStrings(ValueError):
    """A JSON array that holds something else than strings."""


def json_array(text: str) -> tuple[str, ...] | None:
    """`text` as a JSON array of strings, None where it is no JSON array (then it is shell text).

    Raises NotStrings for an array of anything else, which the builder refuses.
    """
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise NotStrings from None
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in value):
        raise NotStrings
    if _SURROGATE_ESCAPE.search(text):  # half a pair means U+FFFD; it must not look like a stray byte
        value = [re.sub("[\ud800-\udfff]", "\ufffd", item) for item in value]
    return tuple(value)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's
