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


class Block(Struct, frozen=True, kw_only=True):
    """A construct around a command, and the clause of it that the command is in.

    `kind` is `"if"`, `"for"`, `"while"`, `"case"`, `"("`, `"{"`, `"function"` or `"$("`. Two commands are in
    the same construct if its `start` is the same, and in the same clause if `at` is too. `end` is the end of
    a `$(`. `head` are the words
    of `for X in A B` (X, A, B), of `case X` and of a function (its name). `total`: one of the clauses always
    runs (`else`, `*)`); `clauses` counts those of a `case`, where some may be empty.
    """

    kind: str
    start: int
    end: int = 0
    operator: str = ""  # joins the construct to the previous command
    head: tuple[Word, ...] = ()
    listed: bool = True  # `for X in …` rather than `for X`
    total: bool = False
    clauses: int = 0
    clause: str = ""  # the keyword of the clause: "if", "then", "do", …
    at: int = -1  # the offset of the clause


class Command(Struct, frozen=True, kw_only=True):
    """One simple command, at any depth of the script.

    `blocks` are the enclosing constructs from the outside in. `operator` joins it to the previous command
    (`""`, `"&&"`, `"||"`, `";"`, `"|"`, `"&"`).
    """

    words: tuple[Word, ...]
    assigns: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    operator: str = ""
    negated: bool = False
    blocks: tuple[Block, ...] = ()
    start: int
    end: int

    @property
    def context(self) -> tuple[str, ...]:
        """The kinds of the enclosing constructs."""
        return tuple(block.kind for block in self.blocks)

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

    def source_of(self, index: int) -> str:
        """An atom as written, by its index."""
        return self.text[self.atoms[index].start : self.atoms[index].end]

    def text_of(self, index: int) -> str:
        """An atom as written, on one line."""
        return " ".join(self.source_of(index).split())


NO_SCRIPT = Script(text="", atoms=())
