"""A piece of shell text in another file."""

from __future__ import annotations

from msgspec import Struct


class Snippet(Struct, frozen=True):
    """Shell text, and the lines that it stands in; `last` is 0 if each line of it is a line of the file."""

    text: str
    first: int = 1
    last: int = 0
