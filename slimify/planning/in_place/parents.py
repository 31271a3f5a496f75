"""The stages that the last one starts from, each cleaned of caches and package lists: as the last stage of a
file that ends with it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.planning.estimates import estimate
from slimify.planning.in_place.caches import caches, installers_at_start
from slimify.planning.in_place.edits import MAX_EDITS, Draft
from slimify.planning.in_place.list_updates import list_updates
from slimify.planning.package_lists import are_lists_read
from slimify.syntax.dockerfile.instructions import text_up_to


def with_clean_parents(draft: Draft, read: Callable[[str], Program]) -> Draft:
    """The draft with these stages cleaned, unless a stage that builds on one may read its lists or leaves
    lists anyway. `read` reads a text."""
    _, *parents = draft.program.machine.final.chain
    if not parents or installers_at_start(draft.program) or estimate.left_list_bytes(draft.program):
        return draft
    for number in [len(parent.earlier) for parent in parents]:
        if _are_lists_read(draft, number, read):
            continue
        for clean in (list_updates, caches):
            for _ in range(MAX_EDITS):
                edits = clean(read(text_up_to(draft.program.dockerfile, number)))
                if not edits.changes:
                    break
                draft = draft.edited(edits)
                draft = replace(draft, program=read(draft.text))
    return draft


def _are_lists_read(draft: Draft, number: int, read: Callable[[str], Program]) -> bool:
    """Whether a stage that builds on one may install from its package lists."""
    file, stages = draft.program.dockerfile, draft.program.machine.stages
    later = [n for n, stage in enumerate(stages) if n != number and stages[number] in stage.chain]
    return any(are_lists_read(read(text_up_to(file, n)).steps) for n in later)
