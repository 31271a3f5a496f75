"""Which files certainly exist after a list of commands with branches, loops and `||`.

A command in a branch may not run: what it writes is only possible. It is certain if each branch that goes on
writes it, as after `npm ci || npm install`, or if the other branches end the build: `test … || exit 1`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.model.effects import Effect
from slimify.model.shell import Command


class Branch(Struct):
    """What commands that run one after another certainly write, and whether they end the build."""

    written: set[str] = field(default_factory=set)
    ends: bool = False

    def add(self, other: Branch) -> None:
        self.written |= other.written
        self.ends = self.ends or other.ends

    def run(self, command: Command, effects: Sequence[Effect]) -> None:
        """Adds a command."""
        self.written |= {p for e in effects for p in (*e.writes, *e.outputs) if p not in e.possible}
        self.written.update(_tested(command, effects))
        self.ends = self.ends or _ends_build(command)


def common(branches: Sequence[Branch]) -> Branch:
    """What each of the branches writes that does not end the build."""
    going = [b.written for b in branches if not b.ends]
    return Branch(set.intersection(*going) if going else set(), bool(branches) and not going)


def marked(effects: Iterable[Effect], certain: set[str]) -> tuple[Effect, ...]:
    """The effects of a script, with the paths that may not exist afterwards in `possible`."""
    return tuple(_marked(effect, certain) for effect in effects)


def _marked(effect: Effect, certain: set[str]) -> Effect:
    paths = (*effect.writes, *effect.outputs)
    possible = tuple(dict.fromkeys((*effect.possible, *(p for p in paths if p not in certain))))
    return effect if possible == effect.possible else replace(effect, possible=possible)


def _tested(command: Command, effects: Sequence[Effect]) -> tuple[str, ...]:
    """The path that exists if the command, a test for it, succeeds."""
    words = [word.value for word in command.words]
    cwd = effects[0].cwd if effects else None
    if words[:1] not in (["["], ["test"]) or words[1:2] not in (["-d"], ["-e"], ["-f"]) or cwd is None:
        return ()
    return (posixpath.normpath(posixpath.join(cwd, words[2] or "")),) if len(words) > 2 else ()


def _ends_build(command: Command) -> bool:
    words = [word.value for word in command.words]
    return words[:1] == ["false"] or (words[:1] in (["exit"], ["return"]) and words[1:2] not in ([], ["0"]))
