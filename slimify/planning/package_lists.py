"""Who reads package lists that an earlier step fetched."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from slimify.analysis.program import Step
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
