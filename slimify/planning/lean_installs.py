"""Installs that leave out development dependencies: before any layout, where neither a step nor run time uses
one. The user's own command gets the option; where a step uses one, a layout may still remove them later."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Reason
from slimify.model.plan import Item, Plan
from slimify.planning.in_place.development_stage import development_parts
from slimify.planning.in_place.edits import Draft, Edits, new_draft
from slimify.planning.layout import Layout
from slimify.planning.stages.assemble import assemble


def lean_draft(program: Program, options: Options, read: Callable[[str], Program]) -> Draft:
    """The file with leaner installs; without changes if there are none. A stage that others build on stays as
    it is."""
    parts = development_parts(program) if not program.parent else []
    if not parts:
        return new_draft(program)
    from slimify.planning.in_place.cleaners import cleaned_once

    cleaners = (lambda program, _, part=part: part.not_installed(program) for part in parts)
    return cleaned_once(cleaners, new_draft(program), options, read)


def lean_layout(layout: Layout, draft: Draft) -> Layout:
    """A layout of the lean file, with what was left out before."""
    told = {(d.code, d.args) for d in layout.decisions}
    own = tuple(d for d in draft.decisions if (d.code, d.args) not in told)
    return replace(
        layout,
        decisions=(*layout.decisions, *own),
        saving=layout.saving + draft.saving,
        original=layout.original + draft.saving,
    )


def lean_plan(draft: Draft, layout: Layout) -> Plan | Reason:
    """The plan of a layout of the lean file, with the instructions and lines of the user's file."""
    plan = assemble(draft.program, layout)
    if isinstance(plan, Reason) or len(draft.items) == len(draft.lines):
        return plan
    origins = [item.origin for item in draft.items]

    def of_user(item: Item) -> Item:
        return item if item.origin is None else replace(item, origin=origins[item.origin])

    stages = (replace(stage, items=tuple(map(of_user, stage.items))) for stage in plan.stages)
    told = [
        (d,) if d in draft.decisions else draft.user_decisions(Edits(decisions=(d,))) for d in plan.decisions
    ]
    return replace(plan, stages=tuple(stages), decisions=tuple(d for (d,) in told))
