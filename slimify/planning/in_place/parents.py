"""The stages that the last one starts from, each cleaned of caches and package lists: as the last stage of a
file that ends with it."""

from __future__ import annotations

from collections.abc import Callable

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.planning.estimates import estimate
from slimify.planning.in_place.caches import caches, installers_at_start
from slimify.planning.in_place.cleaners import Cleaner, cleaned_once
from slimify.planning.in_place.edits import Draft
from slimify.planning.in_place.list_updates import list_updates
from slimify.planning.package_lists import are_lists_read
from slimify.syntax.dockerfile.instructions import text_up_to


def with_clean_parents(draft: Draft, options: Options, read: Callable[[str], Program]) -> Draft:
    """The draft with these stages cleaned, unless a stage that builds on one may read its lists or leaves
    lists anyway. `read` reads a text."""
    _, *parents = draft.program.machine.final.chain
    if not parents or installers_at_start(draft.program) or estimate.left_list_bytes(draft.program):
        return draft
    for number in [len(parent.earlier) for parent in parents]:
        if _are_lists_read(draft, number, read):
            continue

        def up_to(program: Program, number: int = number) -> Program:
            return read(text_up_to(program.dockerfile, number))

        cleaners: tuple[Cleaner, ...] = (
            lambda program, _: list_updates(up_to(program)),
            lambda program, _: caches(up_to(program)),
        )
        draft = cleaned_once(cleaners, draft, options, read)
    return draft


def _are_lists_read(draft: Draft, number: int, read: Callable[[str], Program]) -> bool:
    """Whether a stage that builds on one may install from its package lists."""
    file, stages = draft.program.dockerfile, draft.program.machine.stages
    later = [n for n, stage in enumerate(stages) if n != number and stages[number] in stage.chain]
    return any(are_lists_read(read(text_up_to(file, n)).steps) for n in later)
