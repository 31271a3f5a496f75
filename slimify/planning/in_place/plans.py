"""Plans that clean a file in place: with all cleaners, and with fewer where one of them makes a file that is
not valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.plan import Plan
from slimify.planning.estimates.estimate import original_bytes
from slimify.planning.estimates.measured import measured_plan
from slimify.planning.in_place.cleaners import CLEANERS, Cleaner, cleaned, cleaners
from slimify.planning.in_place.edits import Draft, new_draft
from slimify.planning.in_place.parents import with_clean_parents

Cleaners = Sequence[Cleaner]


def cleaned_in_place(
    program: Program,
    options: Options,
    read: Callable[[str], Program],
    *,
    parents: bool = False,
    passes: Cleaners = CLEANERS,
) -> tuple[Draft, Plan]:
    """A single-stage file, or the last stage, cleaned in place, and the plan for that; with `parents` also
    those it starts from."""
    draft = cleaned(new_draft(program), options, read, passes)
    draft = with_clean_parents(draft, options, read) if parents else draft
    plan = draft.plan(original_bytes(program), draft.kept_stages(program))
    return draft, measured_plan(program, plan) if draft.text != program.dockerfile.text else plan


_MOST_RUNS = 10  # of which each alone is left as it is


def fewer_cleaners(program: Program) -> Iterator[Cleaners]:
    """The cleaners without one of them, without the caches of one RUN, and each one alone."""
    runs = [x.raw for x in program.dockerfile.instructions if x.keyword == "RUN"][:_MOST_RUNS]
    yield from (CLEANERS[:i] + CLEANERS[i + 1 :] for i in range(len(CLEANERS)))
    yield from (cleaners((run,)) for run in runs)
    yield from ((cleaner,) for cleaner in CLEANERS)


def partly_cleaned(
    program: Program, options: Options, read: Callable[[str], Program], whole: Draft
) -> Iterator[Plan]:
    """What remains worth it of `whole` where that is not valid: without the stages that the last one starts
    from, and with fewer cleaners, the largest saving first."""
    tried = [cleaned_in_place(program, options, read)]
    tried += [cleaned_in_place(program, options, read, passes=few) for few in fewer_cleaners(program)]
    texts = {program.dockerfile.text, whole.text}
    plans: list[Plan] = []
    for draft, plan in tried:
        if draft.text not in texts and plan.saving >= options.min_saving.in_place(plan.original):
            plans.append(plan)
        texts.add(draft.text)
    yield from sorted(plans, key=lambda plan: -plan.saving)
