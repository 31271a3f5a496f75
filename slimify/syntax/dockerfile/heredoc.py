"""Finds where heredocs of RUN, COPY and ADD begin and end."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

from msgspec import Struct

from slimify.model.dockerfile import Heredoc
from slimify.model.regex import regex
from slimify.syntax.dockerfile.words import Lexer, WordError

_OPENING = regex(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]*)")


class Opening(Struct, frozen=True):
    """A word that opens a heredoc, such as `<<EOF` or `3<<-"EOF"`."""

    name: str
    expand: bool
    chomp: bool
    fd: int
    spaced: bool  # written `<< NAME`; a heredoc only since frontend 1.16


def openings(text: str) -> tuple[Opening, ...]:
    """The heredocs that a logical line opens, in order.

    As in BuildKit, the Dockerfile lexer finds them, not a shell: an unclosed quote or a `${x^^}`
    anywhere on the line hides all of them. The escape character is always the backslash.
    Raises WordError if the word after `<<` is malformed.
    """
    try:
        words = Lexer(text, {}, raw=True, keep_unset=True).run()[1]
    except WordError:
        return ()
    return tuple(opening for word in words if (opening := heredoc_opening(word)))


def heredoc_opening(word: str) -> Opening | None:
    """The heredoc that `word` opens, or None. Raises WordError if the name is malformed."""
    found = _OPENING.fullmatch(word)
    if not found or not found[3]:
        return None
    names = Lexer(found[3], {}, keep_unset=True).run()[1]
    quoted = Lexer(found[3], {}, raw=True, keep_unset=True).run()[1]
    if len(names) != 1 or len(quoted) != 1:
        return None
    quotes = sum(map(names[0].count, "'\"")), sum(map(quoted[0].count, "'\""))
    return Opening(
        name=names[0],
        expand=quotes[0] == quotes[1],
        chomp=bool(found[2]),
        fd=int(found[1] or 0) if len(found[1]) < 10 else 0,
        spaced=found.start(3) > found.end(2),
    )


class Terminators:
    """An index of lines by their text, so that finding all heredocs takes linear time."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._plain: dict[str, list[int]] = {}
        self._chomped: dict[str, list[int]] = {}

    def find(self, opening: Opening, start: int) -> int | None:
        """The index of the terminator of a heredoc whose body begins at line `start`, or None."""
        if not self._plain:
            self._index()
        table = self._chomped if opening.chomp else self._plain
        numbers = table.get(opening.name, [])
        at = bisect_left(numbers, start)
        return numbers[at] if at < len(numbers) else None

    def _index(self) -> None:
        self._plain, self._chomped = defaultdict(list), defaultdict(list)
        for number, line in enumerate(self._lines):
            body = line.rstrip("\r\n")
            self._plain[body].append(number)
            self._chomped[body.lstrip("\t")].append(number)


def read(opening: Opening, body: str) -> Heredoc:
    return Heredoc(name=opening.name, body=body, expand=opening.expand, chomp=opening.chomp, fd=opening.fd)
