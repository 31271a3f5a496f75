"""The programs that the commands of a file call, each with the first command that does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from slimify.analysis.graph.graph import AtomKey
from slimify.facts.image_tables import data_packages_of
from slimify.facts.packages import starts
from slimify.facts.system import is_systems
from slimify.facts.toolchains import compile_programs, programs_started_by
from slimify.languages import of_effect
from slimify.model.decisions import Role
from slimify.model.effects import INSTALLS, MANAGES_PACKAGES, Effect
from slimify.model.sources import Use
from slimify.semantics.paths import overlap
from slimify.semantics.walk import Visit

_FINAL: tuple[Role, ...] = ("run", "both", "unknown")
_MANAGING_KINDS = MANAGES_PACKAGES | {"state"}
_SOURCES = ("gpg", "apt-key", "lsb_release", "add-apt-repository")  # that adding a package source takes


def build_tools(visits: Sequence[Visit]) -> Mapping[str, Use]:
    """The programs that RUN steps call, or that an installer starts itself."""
    return _first_callers(
        (use, tool)
        for _, use, effect in commands(visits)
        if effect.kind not in _MANAGING_KINDS
        for tool in (
            *(effect.tool, *effect.tools),
            *(_SOURCES if effect.kind == "source" else programs_started_by(effect)),
        )
    )


def final_stage_tools(visits: Sequence[Visit], roles: Mapping[AtomKey, Role]) -> Mapping[str, Use]:
    """The programs that steps of the final stage call: their packages are needed there."""
    calls: list[tuple[Use, str]] = []
    done: list[Effect] = []
    for key, use, effect in commands(visits):
        if roles.get(key) not in _FINAL:
            done += [effect] if effect.kind in INSTALLS else []
        elif effect.kind not in _MANAGING_KINDS and effect.kind != "cache":
            calls += ((use, tool) for tool in (effect.tool, *effect.tools, *starts(effect.tool)))
            if _may_compile(effect, done):
                calls += ((use, tool) for tool in (*programs_started_by(effect), *compile_programs(effect)))
    return _first_callers(calls)


def final_stage_installs(
    visits: Sequence[Visit], roles: Mapping[AtomKey, Role]
) -> Mapping[AtomKey, tuple[Use, frozenset[str]]]:
    """What the final stage repeats and may use packages by other ways than a program's name: installs of a
    language, and what reads files of the system that no step is known to make. Each with the packages that
    have these files, if they are known and installed before."""
    views = {visit.index: visit.state.view for visit in visits}
    found: dict[AtomKey, tuple[Use, frozenset[str]]] = {}
    made: list[str] = []
    there: set[str] = set()
    for key, use, effect in commands(visits):
        reads = [p for p in effect.reads if is_systems(p) and views[key[0]].context_path(p) is None]
        reads = [p for p in reads if not any(overlap(p, w) for w in made)]
        there |= {p.name for p in effect.packages} if effect.kind == "packages" else set()
        made += (*effect.writes, *effect.outputs) if effect.kind not in MANAGES_PACKAGES else ()
        if (effect.kind in INSTALLS or reads) and roles.get(key) in _FINAL:
            owners = frozenset() if effect.kind in INSTALLS else data_packages_of(reads) & there
            first, others = found.get(key, (use, owners))
            found[key] = first, others | owners if others and owners else frozenset()
    return found


def commands(visits: Sequence[Visit]) -> Iterator[tuple[AtomKey, Use, Effect]]:
    """The effects of all commands, each with its command and as a use of a program."""
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            for effect in effects:
                use = Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                yield (visit.index, number), use, effect


def _first_callers(calls: Iterable[tuple[Use, str]]) -> Mapping[str, Use]:
    callers: dict[str, Use] = {}
    for use, tool in calls:
        callers.setdefault(tool.rpartition("/")[2], use)
    return callers


def _may_compile(effect: Effect, done: Sequence[Effect]) -> bool:
    """Whether an install after `done` may start a compiler; True unless its language rules it out."""
    own = of_effect(effect)
    if own is None or own.packages is None:
        return effect.kind in INSTALLS
    return own.packages.may_compile(effect, done)
