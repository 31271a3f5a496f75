"""The setting `keep-paths`: paths that the final image must have, whatever the analysis finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.carried import data_files
from slimify.facts.mediatypes import TABLE
from slimify.facts.system import is_shared_directory
from slimify.model.decisions import Decision, Reason, Role
from slimify.model.plan import Plan, Stage
from slimify.model.regex import regex
from slimify.planning.final_stage.rebase import base_as_written
from slimify.planning.stages.items import after_steps, keyword, keyword_case, new_item, with_item
from slimify.semantics.paths import inside, overlap

_LAST_WORD = regex(r"(?P<path>/\S*)\s*\Z")


def with_kept_paths(program: Program, plan: Plan, paths: tuple[str, ...]) -> Plan | Reason:
    """The plan with every path in its final stage, or why this plan can't have one (SL396)."""
    decisions: list[Decision] = []
    final = plan.stages[-1]
    for path in paths:
        where = _containing_stage(program, plan, path)
        if where == "builder":
            final = _with_copy(program, final, plan.stages[0].name, path)
            decisions.append(Decision.of("SL222", "path", path=path))
        elif where != "final":
            return Reason.of("SL396", "path", base=final.base, path=path)
    return replace(plan.with_final(final, *decisions), kept=(*plan.kept, *paths))


def _containing_stage(program: Program, plan: Plan, path: str) -> Literal["final", "builder", ""]:
    """The stage that has a path: the final one, only the builder, or "" if neither is known to."""
    final = plan.stages[-1]
    for item in final.items[1:]:
        found = _LAST_WORD.search(item.text) if keyword(item) == "COPY" else None
        if found is not None and "--from=" in item.text and inside(path, found["path"].rstrip("/") or "/"):
            return "final"
    brings = list(_providers(program, path))
    if not brings:  # it is part of the base image
        if final.base in (program.base_ref, base_as_written(program)):
            return "final"
        known = path == TABLE and program.base is not None and path in data_files(program.base)
        return "builder" if known and plan.stages[0].purpose == "build" else ""
    if plan.stages[0].purpose != "build":
        return "final"
    there = {item.origin for item in plan.stages[0].items[1:]}
    here = {item.origin for item in final.items[1:]} - _narrowed_copies(program, final)
    if all(index in here and role != "build" for index, role in brings):
        return "final"
    return "builder" if any(index in there and role != "run" for index, role in brings) else ""


def _narrowed_copies(program: Program, final: Stage) -> set[int]:
    """The COPYs that copy less in the final stage than in the original file, by their origin."""
    texts = {step.index: step.instruction.raw.strip() for step in program.steps}
    copies = (item for item in final.items[1:] if keyword(item) in ("COPY", "ADD"))
    return {x.origin for x in copies if x.origin is not None and texts.get(x.origin, "") not in x.text}


def _providers(program: Program, path: str) -> Iterator[tuple[int, Role]]:
    """The instructions that create something at, in or above a path, each with its role."""
    for step in program.steps:
        if step.keyword in ("COPY", "ADD"):
            visit = step.visit
            brought = visit.copied_files or visit.copy_targets or ()
            if any(inside(place, path) for place in brought):
                yield step.index, "both"
        for atom in step.atoms:
            places = (p for e in atom.effects for p in (*e.writes, *e.outputs))
            if any(overlap(place, path) for place in places if not is_shared_directory(place)):
                yield step.index, atom.role


def _with_copy(program: Program, final: Stage, builder: str, path: str) -> Stage:
    """The final stage with a copy before the others from the builder, whose files are newer."""
    case, end = keyword_case(program), program.dockerfile.newline
    line = new_item(f"{case('COPY')} --from={builder} {path} {path}", end)
    at = next(
        (i for i, x in enumerate(final.items) if keyword(x) == "COPY" and f"--from={builder} " in x.text),
        after_steps(final),
    )
    return with_item(final, at, line, end)
