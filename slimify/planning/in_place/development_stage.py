"""Packages of an earlier stage without those that only development needs.

A build may ask for that stage by its name, or others build on it, so it keeps them: a stage behind it drops
them, and the last one copies from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.analysis.whole_last_stage import whole_program
from slimify.config import Options
from slimify.languages import languages
from slimify.model.effects import BUILDS, RUNS_CODE
from slimify.model.plan import Plan
from slimify.model.plan import Stage as PlannedStage
from slimify.planning.in_place.edits import Edits
from slimify.planning.stages.items import keyword, new_item
from slimify.semantics.context_files import ContextView
from slimify.semantics.machine.stages import Event, Stage
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import text_up_to
from slimify.syntax.dockerfile.parser import encode, parse

if TYPE_CHECKING:
    from slimify.languages.parts import Development

_NAMES = ("production", "pruned")
_BUILDER = "builder"  # a stage without a name that is copied from
_USES_PACKAGES = (BUILDS | RUNS_CODE | {"unknown"}) - {"install-global"}


def development_parts(program: Program) -> list[Development]:
    """What languages know about development packages, of those whose packages its steps install with them."""
    names = {e.ecosystem for e in program.effects if e.dev}
    return [part for known in languages() if known.name in names and (part := known.development) is not None]


def development_stage(program: Program, options: Options) -> Edits:
    """A stage without development packages between the one that installs them and the last one."""
    final = program.machine.final
    taken = {stage.name for stage in program.machine.stages}
    name = next((name for name in _NAMES if name not in taken), "")
    if not name or any(e.kind in _USES_PACKAGES for e in final.effects):
        return Edits()
    copied: dict[Stage, list[Event]] = {}
    kept = Edits()
    for event in final.own:
        if (
            event.copy is not None
            and event.copy.stage is not None
            and (event.copy.stage.name or _BUILDER not in taken)
        ):
            copied.setdefault(event.copy.stage, []).append(event)
    for stage, events in copied.items():
        effects = (e for one in (stage, *stage.sources) for e in one.effects)
        users = {stage.end.user, *(event.state.user for event in stage.events if event.effects or event.copy)}
        if len(users) == 1 and any(e.kind == "install" and e.dev for e in effects):
            edits = _edits(program, options, stage, events, name)
            if edits.changes:
                return edits
            kept = replace(kept, decisions=(*kept.decisions, *edits.decisions))
    return kept


def _edits(program: Program, options: Options, stage: Stage, events: Sequence[Event], name: str) -> Edits:
    """The edits for one stage, of which the events copy something; only decisions where packages stay."""
    kept = Edits()
    ended = _ended(program, options, stage)
    sources = [path for event in events if event.copy is not None for path in event.copy.sources]
    for part in filter(None, (known.development for known in languages())):
        found = part.pruned(ended, sources, options.keep_paths, _files(program))
        if not found.lines:
            kept = replace(kept, decisions=(*kept.decisions, *found.decisions))
            continue
        last = program.dockerfile.last_from
        texts = {
            event.visit.index: re.sub(r"(--from=)\S+", rf"\g<1>{name}", event.visit.instruction.raw, count=1)
            for event in events
            if event.copy is not None
            and any(inside(place, path) for path in event.copy.sources for place in found.places)
        }
        named = stage.name or _BUILDER
        if not stage.name:
            begins = [i for i, x in enumerate(program.dockerfile.instructions) if x.keyword == "FROM"]
            begin = begins[len(stage.earlier)]
            raw = program.dockerfile.instructions[begin].raw
            texts[begin] = f"{raw.rstrip()} AS {named}{program.dockerfile.newline}"
        head = (f"FROM {named} AS {name}", *found.lines)
        return Edits(
            texts=texts, before={last: head}, decisions=found.decisions, saving=found.saving, unseen=True
        )
    return kept


def with_development_stage(plan: Plan, options: Options, write: Callable[[Plan], Program]) -> Plan:
    """The plan with such a stage. `write` reads the text of a plan."""
    if plan.rung == "cleanup":
        return plan
    program, last = write(plan), plan.stages[-1]
    edits = development_stage(program, options)
    if any(index < program.dockerfile.last_from for index in edits.texts):
        return plan  # it names another stage
    if not edits.before:
        told = {decision.code for decision in plan.decisions}
        return plan.told(*(d for d in edits.decisions if d.code not in told))
    end, instructions = program.dockerfile.newline, program.dockerfile.instructions
    items, index = list(last.items), len(instructions)
    for at in range(len(items) - 1, 0, -1):
        index -= bool(keyword(items[at]))
        if keyword(items[at]) and index in edits.texts:
            raw = instructions[index].raw
            items[at] = replace(items[at], text=items[at].text.replace(raw, edits.texts[index], 1))
    for lines in edits.before.values():
        _, base, _, name = lines[0].split()
        added = tuple(new_item(line, end) for line in lines)
        stage = PlannedStage(name=name, base=base, purpose="build", items=added)
        stages = (*plan.stages[:-1], stage, replace(last, items=tuple(items)))
        plan = replace(
            plan.told(*edits.decisions),
            stages=stages,
            saving=plan.saving + edits.saving,
            original=plan.original + edits.saving,
        )
    return plan


def _files(program: Program) -> ContextView:
    """The files of all stages: what the last one copies of them is not always known."""
    view = program.end_state.view
    for stage in program.machine.stages[:-1]:
        view = view.with_copies(stage.end.view.copies, stage.end.view.directories)
    return view


def _ended(program: Program, options: Options, stage: Stage) -> Program:
    """The file up to the end of a stage, with the run time of the whole file."""
    file = parse(encode(text_up_to(program.dockerfile, len(stage.earlier))), program.name)
    ended = whole_program(classify(file, program.context, program.name, options), options)
    return replace(
        ended,
        runtime=program.runtime,
        runtime_needs=program.runtime_needs,
        final_stage_tools=program.final_stage_tools,
    )
