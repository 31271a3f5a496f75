"""Who reads package lists that an earlier step fetched."""

from __future__ import annotations

from collections.abc import Container

from slimify.analysis.program import Step
from slimify.model.effects import EffectKind

READS_LISTS = frozenset[EffectKind]({"packages", "source", "unknown"})
"""May install system packages."""


def may_read_earlier_lists(step: Step, atoms: Container[int] | None = None) -> bool:
    """Whether a RUN, or these commands of it, may install from package lists that an earlier step fetched."""
    own = (e for a in step.atoms if atoms is None or a.index in atoms for e in a.effects)
    first = next((e.kind for e in own if e.kind == "index" or e.kind in READS_LISTS), None)
    return step.keyword == "RUN" and (first in READS_LISTS or not step.atoms)
