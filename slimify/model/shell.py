"""Shell text, taken apart."""

from __future__ import annotations

from msgspec import Struct


class Word(Struct, frozen=True, kw_only=True):
    """One shell word: `text` as written, `value` after quote removal, None if only a shell knows."""

    text: str
    value: str | None
    start: int
    end: int


class Redirect(Struct, frozen=True, kw_only=True):
    """`op` is `>`, `>>`, `<`, `<<`, `>&`, …; `fd` the number in front of it, if any."""

    op: str
    fd: int | None
    target: Word


class Command(Struct, frozen=True, kw_only=True):
    """One simple command of a script, wherever it stands in it.

    `context` names the constructs around it from the outside in (`"if"`, `"for"`, `"while"`,
    `"case"`, `"("`, `"{"`, `"function"`, `"$("`); `operator` is what joins it to the command
    before (`""`, `"&&"`, `"||"`, `";"`, `"|"`, `"&"`).
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
        """The command word after quote removal ("" for a bare assignment), None if not static."""
        return self.words[0].value if self.words else ""


class Atom(Struct, frozen=True, kw_only=True):
    """The smallest part of a script that can be taken out by itself."""

    commands: tuple[Command, ...]
    start: int
    end: int
    operator: str  # in front of it: "", "&&", ";"
    state: bool = False  # cd, set, export, X=…: what follows depends on it
    opaque: str = ""  # why nothing may be assumed about it, or ""


class Script(Struct, frozen=True, kw_only=True):
    """Shell text, read. `opaque` says why it could not be read, then there are no atoms."""

    text: str
    atoms: tuple[Atom, ...]
    opaque: str = ""
    errexit: bool = False

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(c for a in self.atoms for c in a.commands)
