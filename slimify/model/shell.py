"""Parsed shell text."""

from __future__ import annotations

from msgspec import Struct


class Word(Struct, frozen=True, kw_only=True):
    """One shell word. `text` is as written, `value` after quote removal, None if only a shell can expand
    it."""

    text: str
    value: str | None
    start: int
    end: int


class Redirect(Struct, frozen=True, kw_only=True):
    """A redirection. `op` is `>`, `>>`, `<`, `<<`, `>&`, …; `fd` is the number before it, if any."""

    op: str
    fd: int | None
    target: Word


class Command(Struct, frozen=True, kw_only=True):
    """One simple command, at any depth of the script.

    `context` lists the enclosing constructs from the outside in (`"if"`, `"for"`, `"while"`, `"case"`, `"("`,
    `"{"`, `"function"`, `"$("`). `operator` joins it to the previous command (`""`, `"&&"`, `"||"`, `";"`,
    `"|"`, `"&"`).
    """

    words: tuple[Word, ...]
    assigns: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    operator: str = ""
    negated: bool = False
    context: tuple[str, ...] = ()
    start: int
    end: int

    @property
    def name(self) -> str | None:
        """The command name after quote removal, "" for a bare assignment, None if it is not static."""
        return self.words[0].value if self.words else ""


class Atom(Struct, frozen=True, kw_only=True):
    """The smallest part of a script that can be removed on its own."""

    commands: tuple[Command, ...]
    start: int
    end: int
    operator: str  # before it: "", "&&", ";"
    state: bool = False  # cd, set, export, X=…: later commands depend on it
    opaque: str = ""  # why nothing can be assumed about it, or ""


class Script(Struct, frozen=True, kw_only=True):
    """A parsed script. If it could not be parsed, `opaque` states why and there are no atoms."""

    text: str
    atoms: tuple[Atom, ...]
    opaque: str = ""
    errexit: bool = False

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(c for a in self.atoms for c in a.commands)

    def text_of(self, atom: Atom) -> str:
        """A command as written, on one line."""
        return " ".join(self.text[atom.start : atom.end].split())
