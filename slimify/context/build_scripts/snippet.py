"""A piece of shell text in another file."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Snippet(Struct, frozen=True):
    """Shell text, and the lines that it stands in; `last` is 0 if each line of it is a line of the file."""

    text: str
    first: int = 1
    last: int = 0


def logical_lines(text: str) -> Iterator[Snippet]:
    """The lines of a text; one that ends in a backslash goes on in the next."""
    pending: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        pending.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield Snippet(" ".join(pending), number - len(pending) + 1, number)
            pending = []
