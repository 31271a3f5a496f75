"""The state after commands, branches, functions, and shells of their own.

A command in a branch may not run: what it writes is only possible. It is certain if each branch that goes on
writes it, as after `npm ci || npm install`, or if the other branches end the build: `test … || exit 1`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from slimify.model.effects import Effect
from slimify.model.shell import Command
from slimify.semantics.effects.state import State

_MAX_WAYS = 8  # lists of positional parameters that are followed


def ran(state: State, command: Command, effects: Sequence[Effect]) -> State:
    """The state with what a command certainly writes, and with the end of the build."""
    written = {p for e in effects for p in (*e.writes, *e.outputs) if p not in e.possible}
    written.update(_tested(command, effects))
    ends = state.ends or _ends_build(command)
    return replace(state, written=state.written | written, ends=ends)


def marked(effects: Iterable[Effect], certain: frozenset[str]) -> tuple[Effect, ...]:
    """The effects of a script, with the paths that may not exist afterwards in `possible`."""
    return tuple(_marked(effect, certain) for effect in effects)


def _marked(effect: Effect, certain: frozenset[str]) -> Effect:
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


def kept_state(before: State, end: State) -> State:
    """The state before, with what another shell or branch, whose end is given, leaves for all."""
    return replace(before, homes=end.homes, settings=end.settings, view=end.view)


def after_shell(before: State, end: State) -> State:
    """The state after a shell of its own: directory and variables are those before it."""
    return replace(kept_state(before, end), written=end.written, ends=end.ends)


def merged(states: Sequence[State]) -> State:
    """The state that holds on each of several paths; files are those of the last one."""
    one = states[0]
    for other in states[1:]:
        if other is not one:
            one = _merged(one, other)
    return one


def after(states: Sequence[State], last: State) -> State:
    """The state after those branches that do not end the build; files are those after the last one."""
    going = [state for state in states if not state.ends]
    return kept_state(merged(going), last) if going else last


def after_function(state: State, before: State, names: set[str]) -> State:
    """The state after a function: its parameters and local variables are gone."""
    ends = state.ends or before.ends
    state = replace(state, ways=before.ways, written=before.written, ends=ends)
    for name in names:
        state = state.with_variable(name, before.get(name))
    return state


def _merged(one: State, other: State) -> State:
    ways = tuple(dict.fromkeys((*one.ways, *other.ways))) if one.ways and other.ways else ()
    return replace(
        other,
        ways=ways if len(ways) <= _MAX_WAYS else (),
        patterns={k: p for k, p in one.patterns.items() if other.patterns.get(k) == p},
        cwd=one.cwd if one.cwd == other.cwd else None,
        env=_agreed(one.env, other.env),
        variables=_agreed(one.variables, other.variables),
        written=one.written & other.written,
        ends=one.ends and other.ends,
    )


def _agreed(one: Mapping[str, str | None], other: Mapping[str, str | None]) -> dict[str, str | None]:
    """The variables of both, without the values that differ."""
    return {k: other.get(k) if one.get(k) == other.get(k) else None for k in {**one, **other}}
