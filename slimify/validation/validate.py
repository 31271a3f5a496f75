"""Validates a plan and its text on every run, as black does.

Each check yields reasons. If there is any, the plan is not used.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from slimify.analysis.advice.findings import SECRET
from slimify.analysis.program import Program, RuntimeContract
from slimify.analysis.runtime_contract import runtime_contract
from slimify.facts.carried import data_files
from slimify.facts.settings import toolchain_settings
from slimify.facts.system import is_plain_root
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.errors import SlimifyError
from slimify.model.plan import NewStart, Plan
from slimify.semantics.paths import inside, is_named_place
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, from_parts, split_stages
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand
from slimify.validation.execution import execute_stage, stage_execution_problems
from slimify.validation.in_place import in_place_problems


def problems(program: Program, plan: Plan, text: str, original: Dockerfile) -> tuple[Reason, ...]:
    """Reasons not to use the text; () if all checks pass.

    `program` is the input of the planner. The runtime contract must be that of `original`, except for a start
    command that the plan replaces.
    """
    try:
        file = parse(encode(text), program.name)
    except SlimifyError as error:
        return (Reason.of("SL409", "unreadable", message=error.message),)
    stages = split_stages(file)
    found = list(_stage_count_problems(plan, stages))
    if plan.rung == "cleanup":
        found += contract_problems(program, file, stages, plan, original)
        found += _steps_after_user(plan, stages[-1])
        found += in_place_problems(program, file, stages, split_stages(program.dockerfile))
        return tuple(dict.fromkeys(found))
    stages = default_target(stages)
    found += contract_problems(program, file, stages, plan, original)
    found += _steps_after_user(plan, stages[-1])
    found += _copy_problems(program, file, stages, plan.kept)
    found += _start_problems(program, stages)
    found += _argument_problems(program, file, stages)
    found += _secret_problems(program, stages)
    found += stage_execution_problems(program, file, stages)
    return tuple(dict.fromkeys(found))


def default_target(stages: list[list[Instruction]]) -> list[list[Instruction]]:
    """The stages up to the one that defines the image. A last stage that is only `FROM another` refers to
    that stage; stages in between are for `--target` only."""
    names = [(from_parts(stage[0]).alias or "").lower() for stage in stages]
    last = len(stages) - 1
    while len(stages[last]) == 1 and (name := from_parts(stages[last][0]).image.lower()) in names[:last]:
        last = names.index(name)
    return stages[: last + 1]


def _stage_count_problems(plan: Plan, stages: list[list[Instruction]]) -> Iterator[Reason]:
    if len(stages) != len(plan.stages):
        yield Reason.of("SL409", "stages", planned=len(plan.stages), written=len(stages))
        return
    for stage, instructions in zip(plan.stages, stages, strict=True):
        if len(stage.items) < len(instructions):
            yield Reason.of("SL409", "more_instructions", stage=stage.name or "final")


def _steps_after_user(plan: Plan, final: list[Instruction]) -> Iterator[Reason]:
    """Steps after a USER that the plan adds: in the original, root ran them."""
    users = [i for i, x in enumerate(final) if x.keyword == "USER"]
    if not plan.user:
        return
    if len(users) != 1:
        yield Reason.of("SL409", "other_user")
        return
    for instruction in final[users[0] :]:
        if instruction.keyword in ("RUN", "COPY", "ADD", "WORKDIR", "VOLUME"):
            yield Reason.of("SL409", "step_as_user", keyword=instruction.keyword, user=plan.user)


def contract_problems(
    program: Program,
    file: Dockerfile,
    stages: list[list[Instruction]],
    plan: Plan,
    original: Dockerfile,
) -> Iterator[Reason]:
    """Changes of the runtime contract, except for a user that the plan adds, a start command that it
    replaces, and toolchain settings that it moves to the builder."""
    user = plan.user
    new = contract_of(program, file, stages)
    old = _contract_before(program, plan, original)
    for name in ("user", "volumes", "labels", "healthcheck", "stop_signal", "shell", "workdir", "ports"):
        before, after = getattr(old, name), getattr(new, name)
        before = user if name == "user" and user else before
        if name == "user" and is_plain_root(str(before)) and is_plain_root(str(after)):
            continue
        if before != after and not (name == "workdir" and before is None):
            yield Reason.of("SL409", "changes", name=name, before=repr(before), after=repr(after))
    if old.sets_start_command or program.base is not None:
        for name in ("entrypoint", "cmd"):
            before, after = getattr(old, name), getattr(new, name)
            if before is not None and before != after and old.sets_start_command:
                yield Reason.of("SL409", "changes", name=name, before=repr(before), after=repr(after))
    left = frozenset(n for d in plan.decisions if d.code == "SL319" for n in d.names("names"))
    yield from _env_changes(program, old.env, new.env, left & toolchain_settings())


def _contract_before(program: Program, plan: Plan, original: Dockerfile) -> RuntimeContract:
    """The contract that the new file must keep: that of the original, with the start command that the plan
    sets. Settings of a stage that the last one builds on are inherited."""
    stages = split_stages(original)
    if len(stages) == 1 and original is program.dockerfile:
        return program.runtime
    found = contract_of(program, original, stages)
    match plan.new_start:
        case NewStart(keyword="CMD", before=before, after=after) if found.cmd == before:
            return replace(found, cmd=after)
        case NewStart(keyword="ENTRYPOINT", before=before, after=after) if found.entrypoint == before:
            return replace(found, entrypoint=after)
    return found


def _env_changes(
    program: Program, old: Mapping[str, str], new: Mapping[str, str], left: frozenset[str]
) -> Iterator[Reason]:
    own = {name for step in program.steps if step.keyword == "ENV" for name in _env_names(step.instruction)}
    for name in sorted(own):
        if name == "PATH" or name not in old or (name in left and name not in new):
            continue
        if old.get(name) != new.get(name) and "\0" not in (old.get(name) or ""):
            yield Reason.of(
                "SL409", "env_changes", name=name, before=repr(old.get(name)), after=repr(new.get(name))
            )


def _env_names(instruction: Instruction) -> list[str]:
    from slimify.syntax.dockerfile.instructions import env_pairs

    return [name for name, _ in env_pairs(instruction)]


def contract_of(program: Program, file: Dockerfile, stages: list[list[Instruction]]) -> RuntimeContract:
    """The runtime contract of the last stage, including inherited stages and the user's build arguments."""
    named: dict[str, RuntimeContract] = {}
    result: RuntimeContract | None = None
    places = {id(x): i for i, x in enumerate(file.instructions)}
    for number, stage in enumerate(stages):
        parts = from_parts(stage[0])
        at = places[id(stage[0])]
        reference = expand(parts.image, scopes(file, {}, program.build_args)[at]) or parts.image
        inherited = named.get(reference.lower())
        facts = None if inherited else program.facts_of(reference)
        env = {k: v for k, v in (facts.env if facts else {}).items() if v is not None}
        force = scopes(file, env, program.build_args)
        scope = [force[places[id(x)]] for x in stage[1:]]
        result = runtime_contract(stage[1:], scope, facts, inherited)
        named[(parts.alias or str(number)).lower()] = result
    assert result is not None
    return result


def _copy_problems(
    program: Program, file: Dockerfile, stages: list[list[Instruction]], kept: tuple[str, ...]
) -> Iterator[Reason]:
    """Copies from a stage that is not an earlier one, and paths that no step of the builder writes. Paths
    `kept` on request are exempt."""
    names = [(from_parts(s[0]).alias or "").lower() for s in stages]
    written = [m.path for m in program.artifacts if not is_named_place(m.path)]
    written += _directories_made(program, stages[0])
    for number, stage in enumerate(stages):
        for instruction in stage[1:]:
            if instruction.keyword != "COPY":
                continue
            parts = copy_parts(instruction)
            if parts.from_stage is None or parts.from_stage.lower() not in names:
                continue
            if parts.from_stage.lower() not in names[:number]:
                yield Reason.of("SL409", "copy_stage", stage=parts.from_stage)
            for source in parts.sources:
                if not source.startswith("/") or set(source) & set("*?["):
                    yield Reason.of("SL409", "copy_path", stage=parts.from_stage, path=source)
                elif (
                    source not in kept
                    and not _is_written(program, source, written)
                    and not _is_made_by_builder(program, file, stages[0], source)
                ):
                    yield Reason.of("SL409", "copy_nothing", path=source)


def _directories_made(program: Program, builder: list[Instruction]) -> Iterator[str]:
    """Directories that repeated RUN steps of the input create or chown."""
    repeated = [x.value for x in builder if x.keyword == "RUN"]  # adjacent steps may be joined
    for step in program.steps:
        if step.keyword == "RUN" and any(step.instruction.value in text for text in repeated):
            yield from (w for e in step.effects if e.tool in ("mkdir", "chown") for w in e.writes)


def _is_made_by_builder(program: Program, file: Dockerfile, builder: list[Instruction], path: str) -> bool:
    """Whether a step of the new builder writes the path."""
    _, visits = execute_stage(program, file, builder)
    return any(path in e.writes for visit in visits for effects in visit.effects for e in effects)


def _is_written(program: Program, path: str, written: list[str]) -> bool:
    if program.base is not None and path in data_files(program.base):
        return True
    if any(inside(path, w) or inside(w, path) for w in written):
        return True
    called = {**program.runtime_needs.commands, **program.final_stage_tools}
    script = path.startswith("/usr/bin/") and path.rpartition("/")[2] in called
    return any(is_named_place(m.path) for m in program.artifacts) and (
        "-packages" in path or path.endswith("/bin") or script
    )


def _start_problems(program: Program, stages: list[list[Instruction]]) -> Iterator[Reason]:
    """A start command that the final stage lacks."""
    if len(stages) < 2:
        return
    argv = [*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ())]
    final = stages[-1]
    have: list[str] = []
    for instruction in final[1:]:
        if instruction.keyword in ("COPY", "ADD"):
            have.append(copy_parts(instruction).dest)
    made = [m.path for m in program.artifacts]
    for word in argv[:1]:
        if not word.startswith("/"):
            continue
        path = posixpath.normpath(word)
        if any(inside(path, m) for m in made) and not any(inside(path, d.rstrip("/") or "/") for d in have):
            yield Reason.of("SL409", "start_missing", path=path)


def _argument_problems(
    program: Program, file: Dockerfile, stages: list[list[Instruction]]
) -> Iterator[Reason]:
    """Build arguments that instructions of the final stage use without declaring them."""
    declared = {n for s in program.steps if s.keyword == "ARG" for n, _ in arg_names(s.instruction)}
    known: set[str] = set()
    for instruction in stages[-1][1:]:
        if instruction.keyword == "ARG":
            known |= {n for n, _ in arg_names(instruction)}
        if instruction.keyword == "ENV":
            known |= set(_env_names(instruction))
        used = set(re.findall(r"(?<!\\)\$\{?([A-Za-z_][A-Za-z0-9_]*)", instruction.value))
        lost = (used & declared) - known
        if lost and instruction.keyword not in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield Reason.of("SL409", "argument", keyword=instruction.keyword, name=sorted(lost)[0])


def _secret_problems(program: Program, stages: list[list[Instruction]]) -> Iterator[Reason]:
    """Secrets that the final stage names and the input did not keep in the image."""
    kept = {
        n for s in program.steps if s.keyword == "ENV" for n in re.findall(r"[A-Za-z_]+", s.instruction.value)
    }
    for instruction in stages[-1][1:]:
        if instruction.keyword != "ARG" or len(stages) < 2:
            continue
        for name, _ in arg_names(instruction):
            text = " ".join(x.value for x in stages[-1][1:] if x is not instruction)
            if SECRET.search(name) and name not in kept and name not in text:
                yield Reason.of("SL409", "secret", name=name)
