"""Adds commands at the end of a RUN, and joins RUNs: the one place that does."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from slimify.model.decisions import Reason
from slimify.model.regex import regex
from slimify.syntax.dockerfile.parser import logical_to_raw
from slimify.syntax.shell.edit import EditRefused
from slimify.syntax.shell.meaning import Words, edited_words, has_words, read_text, run_words

_TRAILING = regex(r"&&[ \t]*\\\r?\n([ \t]*)")
_LEADING = regex(r"\\\r?\n([ \t]*)&& ")


def with_commands(text: str, commands: Sequence[str], end: str) -> str | None:
    """The text of a RUN, without its final line end, with commands added in the layout of the existing
    ones. None if the RUN is a single line. Raises `EditRefused` as `joined` does."""
    trailing = _TRAILING.search(text)
    if trailing is not None:
        return joined(text, commands, f" && \\{end}{trailing[1]}")
    if "\n" not in text:
        return None
    leading = _LEADING.findall(text) or ["    "]
    return joined(text, commands, f" \\{end}{leading[-1]}&& ")


def joined(text: str, commands: Sequence[str], between: str) -> str:
    """The text of a RUN with more commands, each after `between`, which contains `&&`.

    A `;` that ends a part is dropped: no operator may follow it (POSIX 2.10.2, `complete_command`). A
    comment that ends a part ends the result. Raises `EditRefused` if the result would not be parsed to the
    commands of all parts.
    """
    parts = [_part(part) for part in (text, *(f"RUN {command}" for command in commands))]
    own = (parts[0].text, *(part.text.removeprefix("RUN ") for part in parts[1:]))
    comments = [part.comment for part in parts if part.comment]
    found = " ".join((between.join(own), *comments))
    if len(comments) > 1 or not has_words(run_words(found), [w for part in parts for w in part.words]):
        raise EditRefused(Reason.of("SL356", "joined_meaning"))
    return found


class _Part(Struct, frozen=True):
    """The text of a RUN up to its last command, the comment behind that, and its commands."""

    text: str
    comment: str
    words: tuple[Words, ...]


def _part(text: str) -> _Part:
    instruction, script = read_text(text)
    if instruction is None or script.opaque or not script.atoms:
        raise EditRefused(Reason.of("SL356", "joined_unreadable"))
    last = script.atoms[-1].end
    end = logical_to_raw(instruction, last - 1, last)[-1][1]
    comment = text[end:].strip().removeprefix(";").strip()
    if comment and not comment.startswith("#"):
        raise EditRefused(Reason.of("SL356", "joined_background"))
    return _Part(text[:end], comment, edited_words(script, frozenset(), {}))
