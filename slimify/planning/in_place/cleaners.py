"""One stage, cleaned in place: for what can't be parted into stages, or must not be.

Program -> Edits, cleaner by cleaner in this order. Each looks at the file as the one before left it, and is
asked again until it has nothing to change.
"""

from __future__ import annotations

from collections.abc import Callable

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.model.plan import Plan
from slimify.planning.estimates import estimate
from slimify.planning.in_place.archives import archives
from slimify.planning.in_place.caches import caches
from slimify.planning.in_place.chown_to_copy import owners
from slimify.planning.in_place.edits import Draft, Edits, begun
from slimify.planning.in_place.mounts import mounts
from slimify.planning.in_place.order import dependencies_first
from slimify.planning.in_place.packages import build_packages
from slimify.planning.in_place.recommended import recommended
from slimify.planning.in_place.removals import removals

Cleaner = Callable[[Program, Options], Edits]

CLEANERS: tuple[Cleaner, ...] = (
    lambda program, _: removals(program),
    lambda program, _: _development(program),
    lambda program, _: dependencies_first(program),
    lambda program, options: build_packages(program, asked=options.single_stage),
    lambda program, _: archives(program),
    lambda program, _: owners(program),
    mounts,
    lambda program, _: caches(program),
    lambda program, _: recommended(program),
)


def _development(program: Program) -> Edits:
    """What only developing needs, of the first language whose installs bring such packages."""
    for part in (known.development for known in languages()):
        edits = part.development(program) if part is not None else Edits()
        if edits.changes or edits.decisions:
            return edits
    return Edits()


def plan(draft: Draft, program: Program) -> Plan:
    """The plan of the cleaned file; `program` is that of the user's."""
    first = Decision.of("SL303", "in_place", safety="safe")
    return draft.plan(estimate.original(program), (first,))


__all__ = ["CLEANERS", "Draft", "Edits", "begun", "caches", "plan"]
