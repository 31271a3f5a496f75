"""The cache of corepack, which contains the package managers that its shims start, and the versions of itself
that pnpm keeps.

A shim downloads what the cache lacks. So if yarn or pnpm runs at run time, the cache that the build filled
is copied (corepack: COREPACK_HOME, else ~/.cache/node/corepack).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slimify.analysis.program import Step
from slimify.analysis.roles.model import Artifact, Given
from slimify.languages.node.vocabulary import ENABLE, NodeManager
from slimify.model.effects import Effect
from slimify.model.versions import version_numbers
from slimify.semantics.effects.state import State

MANAGERS = frozenset({"yarn", "pnpm"})
_SHIMS = frozenset({ENABLE, "disable"})


def fills_cache(effect: Effect) -> bool:
    """Whether the effect only fills the cache (`corepack prepare` and similar)."""
    return (
        effect.kind == "install-global"
        and effect.manager == NodeManager.COREPACK
        and effect.action not in _SHIMS
    )


def needed_cache(given: Given) -> tuple[Artifact, ...]:
    """The cache, if the build fills it and run time reads it."""
    nodes = given.graph.nodes if MANAGERS & given.runtime_commands else ()
    return tuple(
        Artifact(home, nodes[at], "install-global")
        for at, home in _filled_caches((n.effects, n.state) for n in nodes)
        if home is not None
    )


def pinned_versions(given: Given) -> tuple[Artifact, ...]:
    """What a globally installed pnpm keeps of itself, in the version that a project pins: without it, pnpm
    downloads that at the start."""
    nodes = given.graph.nodes if "pnpm" in given.runtime_commands else ()
    effects = [e for n in nodes for e in n.effects if e.kind == "install-global"]
    installs = (e for e in effects if e.manager != NodeManager.COREPACK)
    majors = {version_numbers(p.text)[:1] for e in installs for p in e.packages if p.name == "pnpm"}
    kept = {".tools": bool(majors & {(), (10,)}), "global": any(not m or m > (10,) for m in majors)}
    return tuple(
        Artifact(place, node, "install-global", at)
        for node in nodes
        for at, effect in enumerate(node.effects)
        if effect.manager == NodeManager.PNPM
        for place in effect.possible
        if kept.get(place.rpartition("/")[2])
    )


def manager_without_cache(steps: Iterable[Step], runtime_commands: Iterable[str]) -> str:
    """A package manager that is started from a cache at an unknown path; "" for none."""
    started = sorted(MANAGERS & set(runtime_commands))
    caches = (home for _, home in _filled_caches((s.effects, s.state) for s in steps))
    return started[0] if started and None in caches else ""


def _filled_caches(
    steps: Iterable[tuple[Sequence[Effect], State]],
) -> Iterator[tuple[int, str | None]]:
    """The positions of the steps that fill the cache, each with the path of the cache (None if unknown)."""
    shims = False
    for at, (effects, state) in enumerate(steps):
        for effect in effects:
            if effect.manager == NodeManager.COREPACK and effect.action == ENABLE:
                shims = True
            if fills_cache(effect) or (shims and MANAGERS & {effect.tool, *effect.tools}):
                yield at, _home(state)


def _home(state: State) -> str | None:
    named = state.get("COREPACK_HOME")
    if named or not state.is_unset("COREPACK_HOME"):
        return named or None
    home = state.get("HOME")
    return f"{home.rstrip('/')}/.cache/node/corepack" if home else None
