"""Installs that leave out development dependencies: before any layout, where neither a step nor run time uses
one. The user's own command gets the option; where a step uses one, a layout may still remove them later."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.planning.in_place.edits import Draft, new_draft
from slimify.planning.layout import Layout
from slimify.syntax.shell.script import EditRefused

_MAX_EDITS = 20  # projects of one file


def lean_draft(program: Program, read: Callable[[str], Program]) -> Draft:
    """The file with leaner installs; without changes if there are none. A stage that others build on stays as
    it is."""
    draft = new_draft(program)
    parts = [known.development for known in languages()] if not program.parent else []
    for part in filter(None, parts):
        for _ in range(_MAX_EDITS):
            try:
                edits = part.not_installed(draft.program)
            except EditRefused:
                break
            if not edits.changes:
                told = draft.user_decisions(edits)
                draft = replace(draft, decisions=(*draft.decisions, *told))
                break
            draft = draft.edited(edits)
            draft = replace(draft, program=read(draft.text))
    return draft


def lean_layout(layout: Layout, draft: Draft) -> Layout:
    """A layout of the lean file, with what was left out before."""
    own = tuple(d for d in draft.decisions if not _is_told(layout, d))
    return replace(
        layout,
        decisions=(*layout.decisions, *own),
        saving=layout.saving + draft.saving,
        original=layout.original + draft.saving,
    )


def _is_told(layout: Layout, decision: Decision) -> bool:
    return any((d.code, d.args) == (decision.code, decision.args) for d in layout.decisions)
