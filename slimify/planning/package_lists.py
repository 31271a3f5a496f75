"""Who reads package lists that an earlier step fetched."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from slimify.analysis.program import Program, Step
from slimify.model.effects import Effect, EffectKind

_INSTALLS = frozenset[EffectKind]({"packages", "source", "unknown"})


def reads_lists(effect: Effect) -> bool:
    """Whether it may install system packages, or upgrades those that are installed."""
    return effect.kind in _INSTALLS or (effect.kind == "system" and bool(effect.manager))


def may_read_earlier_lists(step: Step, atoms: Container[int] | None = None) -> bool:
    """Whether a RUN, or these commands of it, may install from package lists that an earlier step fetched."""
    own = (e for a in step.atoms if atoms is None or a.index in atoms for e in a.effects)
    first = next((e for e in own if e.kind == "index" or reads_lists(e)), None)
    return step.keyword == "RUN" and (not step.atoms or (first is not None and reads_lists(first)))


def are_lists_read(steps: Iterable[Step], kept: Mapping[int, Container[int]] | None = None) -> bool:
    """Whether one of some instructions, or of the commands that are `kept`, may read the package lists that
    were fetched before them."""
    for step in steps:
        atoms = kept[step.index] if kept is not None else None
        if may_read_earlier_lists(step, atoms):
            return True
        if any(e.kind == "index" for a in step.atoms if atoms is None or a.index in atoms for e in a.effects):
            return False
    return False


def names_what_is_gone(program: Program, step: Step) -> bool:
    """Whether a command behind a step removes packages again that are removed already: apt knows their names
    by its lists alone."""
    gone: set[str] = set()
    for own, _, effect in program.commands:
        names = {package.name for package in effect.packages}
        if effect.kind == "unpackage" and own.index > step.index and not gone.isdisjoint(names):
            return True
        gone = gone | names if effect.kind == "unpackage" else gone - names
    return False
