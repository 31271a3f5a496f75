"""Installs that leave out development dependencies: before any layout, where neither a step nor run time uses
one. The user's own command gets the option; where a step uses one, a layout may still remove them later."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.planning.in_place.development_stage import development_parts
from slimify.planning.in_place.edits import Draft, new_draft
from slimify.planning.layout import Layout


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
