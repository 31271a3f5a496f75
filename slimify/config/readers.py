"""Converts TOML values to a type. A reader raises ValueError that says what the value must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args, get_origin

Reader = Callable[[object], Any]


def reader(kind: Any) -> Reader:
    """The reader of a type: bool, a Literal of strings, or a tuple of strings."""
    if kind is bool:
        return boolean
    if get_origin(kind) is Literal:
        return partial(_one_of, get_args(kind))
    if kind == tuple[str, ...]:
        return strings
    raise TypeError(f"no reader for {kind}")


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    return value


def _one_of(allowed: tuple[str, ...], value: object) -> str:
    if value not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}")
    return str(value)


def matching(pattern: str, message: str) -> Reader:
    """A reader of texts that match a pattern as a whole."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(message)
        return value

    return read
