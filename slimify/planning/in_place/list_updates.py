"""RUNs that only fetch apt's package lists: joined with the installs that read them, so that the lists are
removed in the layer that stores them."""

from __future__ import annotations

from itertools import takewhile

from slimify.analysis.program import Program, Step
from slimify.model.decisions import Decision
from slimify.model.effects import NOT_FOR_RUN_TIME, SystemManager
from slimify.planning.estimates import estimate
from slimify.planning.in_place.edits import Edits
from slimify.planning.in_place.runs import joined_runs
from slimify.planning.package_lists import may_read_earlier_lists


def list_updates(program: Program) -> Edits:
    """The first such RUN, joined with the installs directly after it, if nothing else reads its lists."""
    for at, step in enumerate(program.steps):
        later = program.steps[at + 1 :]
        installs = (
            [*takewhile(lambda s: _does_only(s, {"packages"}), later)] if _does_only(step, {"index"}) else []
        )
        if not installs or any(map(may_read_earlier_lists, later[len(installs) :])):
            continue
        texts = joined_runs(program, step, installs[-1])
        if texts is not None:
            removed = estimate.removes_lists(installs[-1].effects)
            told = Decision.of("SL317", "lists", line=step.line)  # else when they are removed
            return Edits(
                texts=texts,
                decisions=(told,) if removed else (),
                saving=estimate.APT_LISTS if removed else 0,
            )
    return Edits()


def _does_only(step: Step, wanted: set[str]) -> bool:
    """Whether a RUN does this with apt, and has no other lasting effect."""
    kinds = {e.kind for e in step.effects}
    managers = {e.manager for e in step.effects if e.kind in ("index", "packages")}
    return (
        step.keyword == "RUN"
        and managers == {SystemManager.APT}
        and wanted <= kinds <= wanted | NOT_FOR_RUN_TIME
    )
