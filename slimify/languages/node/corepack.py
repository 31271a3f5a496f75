"""The cache of corepack, which contains the package managers that its shims start.

A shim downloads what the cache lacks. So if yarn or pnpm runs at run time, the cache that the build filled
is copied (corepack: COREPACK_HOME, else ~/.cache/node/corepack).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slimify.analysis.program import Step
from slimify.analysis.roles.role_state import Artifact, RoleState
from slimify.languages.node.vocabulary import ENABLE, NodeManager
from slimify.model.effects import Effect
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit

MANAGERS = frozenset({"yarn", "pnpm"})
_SHIMS = frozenset({ENABLE, "disable"})


def fills_cache(effect: Effect) -> bool:
    """Whether the effect only fills the cache (`corepack prepare` and similar)."""
    return (
        effect.kind == "install-global"
        and effect.manager == NodeManager.COREPACK
        and effect.action not in _SHIMS
    )


def needed_cache(state: RoleState) -> dict[str, Artifact]:
    """The cache by path, if the build fills it and run time reads it."""
    found: dict[str, Artifact] = {}
    for step, home in _filling_steps(state.visits) if MANAGERS & state.runtime_commands else ():
        if home is not None:
            made = Artifact(path=home, first=step.index, user=step.state.user, kind="install-global")
            found.setdefault(home, made)
    return found


def manager_without_cache(steps: Iterable[Step], runtime_commands: Iterable[str]) -> str:
    """A package manager that is started from a cache at an unknown path; "" for none."""
    started = sorted(MANAGERS & set(runtime_commands))
    return started[0] if started and any(home is None for _, home in _filling_steps(steps)) else ""


def _filling_steps(steps: Iterable[Visit | Step]) -> Iterator[tuple[Visit | Step, str | None]]:
    """The steps that fill the cache, each with the path of the cache (None if unknown)."""
    shims = False
    for step in steps:
        for effect in _effects(step):
            if effect.manager == NodeManager.COREPACK and effect.action == ENABLE:
                shims = True
            if fills_cache(effect) or (shims and MANAGERS & {effect.tool, *effect.tools}):
                yield step, _home(step.state)


def _effects(step: Visit | Step) -> Iterable[Effect]:
    if isinstance(step, Visit):
        return (e for effects in step.effects for e in effects)
    return step.effects


def _home(state: State) -> str | None:
    named = state.get("COREPACK_HOME")
    if named or "COREPACK_HOME" in {**state.env, **state.variables}:
        return named or None
    home = state.get("HOME")
    return f"{home.rstrip('/')}/.cache/node/corepack" if home else None
