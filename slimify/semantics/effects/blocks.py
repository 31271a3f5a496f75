"""The structure of a list of commands: what stands in one construct, or in one clause of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from slimify.model.regex import regex
from slimify.model.shell import Block, Command
from slimify.semantics.effects.started import Source
from slimify.semantics.effects.state import State, fields

MAX_VALUES = 40  # of a loop that is followed value by value
_GLOB = regex(r"[*?\[]")
_QUOTED = regex(r"'[^']*'|\"[^\"]*\"")
_PARAMETER = regex(r"\$(?:[@*\d]|\{[@*\d])")
_ASSIGNING = frozenset({"declare", "export", "getopts", "let", "local", "read", "readonly", "typeset"})
_LOCAL = frozenset({"declare", "local", "typeset"})


class Function(Struct, frozen=True):
    """The commands of a function; the constructs around it are `depth` levels."""

    commands: tuple[Command, ...]
    depth: int
    source: Source


def block_at(command: Command, depth: int) -> Block | None:
    """The construct that a command is in at a depth, None if it is in none."""
    return command.blocks[depth] if len(command.blocks) > depth else None


def items(commands: Sequence[Command], depth: int) -> list[tuple[Command, ...]]:
    """The simple commands and the constructs of a list, each with its commands."""

    def place(command: Command) -> tuple[bool, int]:
        block = block_at(command, depth)
        return (True, block.start) if block is not None else (False, command.start)

    if all(len(c.blocks) <= depth for c in commands):
        return [(command,) for command in commands]
    found: list[tuple[Command, ...]] = []
    for _, group in groupby(commands, place):
        found.append(tuple(group))
    return found


def clauses(commands: Sequence[Command], depth: int) -> Iterator[tuple[str, tuple[Command, ...]]]:
    """The clauses of a construct: the keyword, and the commands."""
    for _, group in groupby(commands, lambda command: command.blocks[depth].at):
        inside = tuple(group)
        yield inside[0].blocks[depth].clause, inside


def reader(parts: Sequence[tuple[Command, ...]], index: int, depth: int) -> Command | None:
    """The first command of what reads the output of a part."""
    for part in parts[index + 1 :]:
        block = block_at(part[0], depth)
        if block is not None and block.kind == "$(":
            continue
        operator = block.operator if block is not None else part[0].operator
        return part[0] if operator == "|" else None
    return None


def loop_values(block: Block, state: State) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The values that a `for` goes through, None if unknown, and the globs among its words."""
    if not block.listed:
        return state.arguments, ()
    found: list[str] = []
    globs: list[str] = []
    for word in block.head[1:]:
        values = fields(word, state)
        if values is None:
            return None, ()
        unquoted = _QUOTED.sub("", word.text)
        if not any(map(_GLOB.search, values)) or not ("$" in unquoted or _GLOB.search(unquoted)):
            found += values
            continue
        for value in values:
            found += state.view.matches(value, state.cwd)
        globs += values
    return tuple(found), tuple(globs)


def uses(commands: Sequence[Command], name: str) -> bool:
    """Whether a word of the commands has the variable."""
    reference = re.compile(rf"\$\{{?{re.escape(name)}\b")
    return any(
        reference.search(word.text)
        for c in commands
        for word in (*c.words, *(w for _, w in c.assigns), *(r.target for r in c.redirects))
    )


def uses_parameters(command: Command) -> bool:
    """Whether a word of a command has `$@`, `$1`, … or it changes them."""
    return command.name in ("set", "shift") or any(_PARAMETER.search(w.text) for w in command.words)


def counts(commands: Sequence[Command]) -> bool:
    """Whether a condition asks for the number of positional parameters."""
    return any("$#" in word.text for c in commands for word in c.words)


def at_any_turn(commands: Sequence[Command], state: State) -> State:
    """The state without what the commands of a loop change."""
    if any(c.name in ("set", "shift") for c in commands):
        state = state.with_arguments(None)
    for name in assigned(commands):
        state = state.with_variable(name, None)
    return state


def assigned(commands: Sequence[Command]) -> set[str]:
    """The variables that commands set."""
    found = {name for c in commands if not c.words for name, _ in c.assigns}
    return found | _named(commands, _ASSIGNING)


def local(commands: Sequence[Command]) -> set[str]:
    """The variables that are the own ones of a function."""
    return _named(commands, _LOCAL)


def _named(commands: Sequence[Command], programs: frozenset[str]) -> set[str]:
    setting = (c for c in commands if c.name in programs)
    return {word.text.partition("=")[0] for c in setting for word in c.words[1:]}
