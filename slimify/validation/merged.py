"""Validates a merged file: each half does what its Dockerfile did, and all paths copied from the builder
exist.

Each check yields reasons. If there is any, the file is not used.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from slimify.analysis.program import Program
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.errors import SlimifyError
from slimify.model.plan import Plan
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts, meaning, split_stages
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand
from slimify.validation.comparison import Pair
from slimify.validation.contract import contract_problems
from slimify.validation.steps import step_problems, user_problems


def problems(
    builder: Program, runtime: Program, plan: Plan, text: str, extracted: Sequence[str]
) -> tuple[Reason, ...]:
    """Reasons not to use the text; () if all checks pass. `extracted` are the paths that the build script
    copies out of the build image."""
    try:
        file = parse(encode(text), runtime.name)
    except SlimifyError as error:
        return (Reason.of("SL409", "unreadable", message=error.message),)
    stages, before = split_stages(file), split_stages(builder.dockerfile)
    if len(stages) != len(before) + 1:
        return (Reason.of("SL409", "stage_count", count=len(stages)),)
    *earlier, made, last = stages
    if [_normalized_instructions(stage) for stage in earlier] != [
        _normalized_instructions(stage) for stage in before[:-1]
    ]:
        return (Reason.of("SL409", "builder_changes", file=builder.name),)
    found = [*_base_changes(builder, file, made[0]), *_base_changes(runtime, file, last[0])]
    found += _builder_changes(builder, made, _added_commands(plan))
    found += _runtime_changes(runtime, last)
    found += _copies_not_extracted(made, last, extracted)
    for program, place in ((builder, -2), (runtime, -1)):
        old, new = program.machine, program.executed(file)
        if program is runtime:
            found += contract_problems(old, new, plan)
        last_stage = program is runtime
        pair = Pair(old=old.final, new=new.stages[place], last=last_stage, program=program, user=plan.user)
        added = " ".join(_added_commands(plan))
        found += [
            p for p in step_problems(pair) if str(p.get("command")) not in added or p.form != "command_new"
        ]
        found += user_problems(pair)
    return tuple(dict.fromkeys(found))


def _normalized_instructions(stage: Sequence[Instruction]) -> list[str]:
    return [" ".join(x.raw.split()) for x in stage]


def _added_commands(plan: Plan) -> tuple[str, ...]:
    return tuple(str(d.get("command")) for d in plan.decisions if d.code == "SL371")


def _base_changes(program: Program, file: Dockerfile, start: Instruction) -> Iterator[Reason]:
    at = next(i for i, x in enumerate(file.instructions) if x is start)
    image = from_parts(start).image
    reference = expand(image, scopes(file, {}, program.build_args)[at]) or image
    if reference != program.base_ref:
        yield Reason.of("SL409", "other_base", file=program.name, base=program.base_ref, new_base=reference)


def _builder_changes(
    builder: Program, stage: Sequence[Instruction], added: Sequence[str]
) -> Iterator[Reason]:
    """Steps of the builder that are missing or reordered, and new ones without a decision."""
    old = [meaning(s.instruction) for s in builder.steps if s.keyword not in CONFIG_ONLY]
    new = [meaning(x) for x in stage[1:]]
    extra = new[len(old) :]
    if new[: len(old)] != old or len(extra) > len(added):
        yield Reason.of("SL409", "builder_steps", file=builder.name)
    for (keyword, _, value, _), said in zip(extra, added, strict=False):
        if f"{keyword} {value}" not in said:
            yield Reason.of("SL409", "not_stated", keyword=str(keyword), arguments=str(value))


def _runtime_changes(runtime: Program, stage: Sequence[Instruction]) -> Iterator[Reason]:
    """Instructions of the runtime file that are missing or reordered. Copies may be replaced by copies from
    the builder at the same position, or reduced."""
    old = _split_at_copies([s.instruction for s in runtime.steps])
    new = _split_at_copies(stage[1:])
    if [other for other, _ in old] != [other for other, _ in new]:
        yield Reason.of("SL409", "runtime_steps", file=runtime.name)
        return
    for (_, before), (_, after) in zip(old, new, strict=True):
        known = [copy_parts(x) for x in before]
        sources = {s for parts in known for s in (*parts.sources, *parts.heredocs)}
        for instruction in after:
            parts = copy_parts(instruction)
            if parts.from_stage is None and not {*parts.sources, *parts.heredocs} <= sources:
                yield Reason.of(
                    "SL409", "instruction_new", keyword=instruction.keyword, arguments=instruction.value
                )
        if bool(before) != bool(after):
            yield Reason.of("SL409", "copied_elsewhere", file=runtime.name)


def _split_at_copies(
    instructions: Sequence[Instruction],
) -> list[tuple[tuple[object, ...] | None, list[Instruction]]]:
    """Each instruction that is not a copy, with the copies after it. The first row has the leading copies."""
    found: list[tuple[tuple[object, ...] | None, list[Instruction]]] = [(None, [])]
    for instruction in instructions:
        if instruction.keyword in ("COPY", "ADD"):
            found[-1][1].append(instruction)
        else:
            found.append((meaning(instruction), []))
    return found


def _copies_not_extracted(
    made: Sequence[Instruction], last: Sequence[Instruction], extracted: Sequence[str]
) -> Iterator[Reason]:
    """Paths copied from the builder that the build script does not extract."""
    name = from_parts(made[0]).alias or ""
    for instruction in last[1:]:
        if instruction.keyword != "COPY":
            continue
        parts = copy_parts(instruction)
        if (parts.from_stage or "").lower() != name:
            continue
        for source in parts.sources:
            known = (p for p in extracted if p == source or source.startswith(p.rstrip("/") + "/"))
            if not posixpath.isabs(source) or not any(known):
                yield Reason.of("SL409", "not_taken", path=source)
