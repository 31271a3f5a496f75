"""The commands that a script starts, with their words expanded and the place where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from slimify.context.source_uses import ARGUMENT
from slimify.facts.shells import is_builtin, is_shell
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.model.shell import Command
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.wrapped import unwrapped

_INDIRECT = frozenset({"eval", "source", "."})
_BEFORE_NAME = regex(r"\A.*/(?=[\w.+-]+\Z)|\A.*", re.DOTALL)  # all of a text that is no path to a name
_FILES = frozenset({"file", "make", "source"})  # keys of texts that are files, or parts of files


class Source(Struct, frozen=True):
    """The text of a script. `first` is its first line in `file`; with `at`, it is inside the command there of
    another text, whose `first` and `text` these are."""

    text: str
    file: str = ""
    first: int = 1
    at: int | None = None

    def line(self, offset: int) -> int:
        return self.first + self.text.count("\n", 0, offset if self.at is None else self.at)

    def inner(self, text: str, key: tuple[str, ...], line: int, at: int) -> Source:
        """That of a text that a command of this one runs."""
        if key[:1] and key[0] in _FILES:
            return Source(text, key[1], line)
        return Source(self.text, self.file, self.first, at if self.at is None else self.at)


class Started(Struct, frozen=True):
    """A program that starts: its expanded words are in `call`, `command` is it as written. `effects` are
    without those of its redirects. `depth` counts the scripts that it is in: one that is followed by a deeper
    one runs a script itself."""

    call: Call
    command: Command
    source: Source
    depth: int = 0
    effects: tuple[Effect, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its arguments; those that are not known as they are written."""
        return (self.call.path, *(arg.shown for arg in self.call.args))

    @property
    def lines(self) -> tuple[int, int]:
        """Its first and last line in the file."""
        return self.source.line(self.command.start), self.source.line(self.command.end)

    @property
    def captured(self) -> str:
        """The substitution that takes its output, as it is written; "" for none."""
        block = self.command.blocks[-1] if self.command.blocks else None
        inside = block is not None and block.kind == "$(" and self.source.at is None
        return self.source.text[block.start : block.end] if block is not None and inside else ""


def called_names(calls: Sequence[Started]) -> Iterator[str]:
    """The programs that start, with those that only start others and without builtins, as commands name them;
    "" for one that only run time knows."""
    for started in calls:
        call = started.call
        yield from call.wrappers
        own = [e for e in started.effects if e.kind == "unknown" and e.tool == call.name and not e.unread]
        if not call.path or ARGUMENT in call.path:  # perhaps a known name in a directory that is not
            yield _BEFORE_NAME.sub("", call.path or unwrapped(started.command).words[0].text, 1)
            yield ""
        elif not is_builtin(call.path):
            yield call.path
        if call.name in _INDIRECT or (is_shell(call.name) and own):
            yield ""


def programs(calls: Sequence[Started]) -> Iterator[Started]:
    """Those that are no scripts: what scripts do is what their commands do."""
    for call, following in pairwise((*calls, None)):
        if call is not None and (following is None or following.depth <= call.depth):
            yield call
