"""The state after branches, functions, and shells of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from slimify.semantics.effects.state import State

_MAX_WAYS = 8  # lists of positional parameters that are followed


def kept_state(before: State, end: State) -> State:
    """The state after a shell of its own: directory and variables are those before it."""
    return replace(before, homes=end.homes, settings=end.settings, view=end.view)


def merged(states: Sequence[State]) -> State:
    """The state that holds on each of several paths; files are those of the last one."""
    one = states[0]
    for other in states[1:]:
        if other is not one:
            one = _merged(one, other)
    return one


def after(states: Sequence[State], last: State) -> State:
    """The state after branches that go on to `states`; files are those after the last branch."""
    return kept_state(merged(states), last) if states else last


def after_function(state: State, before: State, names: set[str]) -> State:
    """The state after a function: its parameters and local variables are gone."""
    state = replace(state, arguments=before.arguments, ways=before.ways)
    for name in names:
        state = state.with_variable(name, before.get(name))
    return state


def _merged(one: State, other: State) -> State:
    ways = _ways(one) | _ways(other) if _ways(one) and _ways(other) else {}
    ways = ways if len(ways) <= _MAX_WAYS else {}
    return replace(
        other,
        arguments=next(iter(ways)) if len(ways) == 1 else None,
        ways=tuple(ways) if len(ways) > 1 else (),
        patterns={k: p for k, p in one.patterns.items() if other.patterns.get(k) == p},
        cwd=one.cwd if one.cwd == other.cwd else None,
        env=_agreed(one.env, other.env),
        variables=_agreed(one.variables, other.variables),
    )


def _agreed(one: Mapping[str, str | None], other: Mapping[str, str | None]) -> dict[str, str | None]:
    """The variables of both, without the values that differ."""
    return {k: other.get(k) if one.get(k) == other.get(k) else None for k in {**one, **other}}


def _ways(state: State) -> dict[tuple[str, ...], None]:
    """What the positional parameters may be; empty if that is not known."""
    return dict.fromkeys((state.arguments,) if state.arguments is not None else state.ways)
