"""The runtime contract is the same, except for what the plan states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from slimify.analysis.program import Program, RuntimeContract
from slimify.analysis.runtime_contract import runtime_contract
from slimify.facts.settings import toolchain_settings
from slimify.facts.system import default_path, is_plain_root
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.plan import NewStart, Plan
from slimify.semantics.machine.stages import Machine, Stage
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs, meaning
from slimify.syntax.dockerfile.scope import scopes

_SAME = ("user", "volumes", "labels", "healthcheck", "stop_signal", "shell", "workdir", "ports")


def contract_problems(old: Machine, new: Machine, program: Program, plan: Plan) -> Iterator[Reason]:
    """Changes of the runtime contract, except for a user that the plan adds, a start command that it
    replaces, and toolchain settings that it moves to the builder."""
    before = _with_new_start(contract_of(old, program), plan.new_start)
    after = contract_of(new, program)
    for name in _SAME:
        one, other = getattr(before, name), getattr(after, name)
        one = plan.user if name == "user" and plan.user else one
        if name == "user" and is_plain_root(str(one)) and is_plain_root(str(other)):
            continue
        if one != other and not (name == "workdir" and one is None):
            yield Reason.of("SL409", "changes", name=name, before=repr(one), after=repr(other))
    for name in ("entrypoint", "cmd"):
        one, other = getattr(before, name), getattr(after, name)
        sets = before.sets_start_command or after.sets_start_command
        if other is not None if one is None else one != other and sets:  # None: of an unknown base image
            yield Reason.of("SL409", "changes", name=name, before=repr(one), after=repr(other))
    moved = frozenset(n for d in plan.decisions if d.code == "SL319" for n in d.names("names"))
    yield from _env_changes(old, new, before.env, after.env, moved & toolchain_settings())
    yield from _trigger_changes(old, new)


def _with_new_start(contract: RuntimeContract, start: NewStart | None) -> RuntimeContract:
    match start:
        case NewStart(keyword="CMD", before=before, after=after) if contract.cmd == before:
            return replace(contract, cmd=after)
        case NewStart(keyword="ENTRYPOINT", before=before, after=after) if contract.entrypoint == before:
            return replace(contract, entrypoint=after)
    return contract


def _env_changes(
    old: Machine,
    new: Machine,
    before: Mapping[str, str],
    after: Mapping[str, str],
    moved: frozenset[str],
) -> Iterator[Reason]:
    for name in sorted(_names_set(old.final)):
        value = before.get(name)
        if value is None or (name in moved and name not in after):
            continue
        if name == "PATH" and _own_directories(old, value) == _own_directories(new, after.get(name, "")):
            continue
        if value != after.get(name) and "\0" not in value:
            yield Reason.of(
                "SL409", "env_changes", name=name, before=repr(value), after=repr(after.get(name))
            )
    arguments = frozenset(n for x in _instructions(old.final) if x.keyword == "ARG" for n, _ in arg_names(x))
    for name in sorted(_names_set(new.final) - {"PATH"}):
        known = name in before or (name in old.final.end.env and name not in arguments)
        if not known or (before.get(name, after.get(name)) != after.get(name) and "\0" not in before[name]):
            yield Reason.of("SL409", "env_new", name=name)


def _names_set(stage: Stage) -> frozenset[str]:
    """The variables that ENV sets in a stage and those it builds on."""
    instructions = (x for x in _instructions(stage) if x.keyword == "ENV")
    return frozenset(name for instruction in instructions for name, _ in env_pairs(instruction))


def _own_directories(machine: Machine, path: str) -> list[str]:
    """The directories of PATH that the file adds to those of its base image."""
    facts = machine.final.facts
    given = (facts.env.get("PATH") if facts is not None else None) or default_path()
    return [directory for directory in path.split(":") if directory not in given.split(":")]


def _trigger_changes(old: Machine, new: Machine) -> Iterator[Reason]:
    before, after = (
        [meaning(x) for x in _instructions(machine.final) if x.keyword == "ONBUILD"] for machine in (old, new)
    )
    if before != after:
        yield Reason.of("SL409", "changes", name="ONBUILD", before=repr(before), after=repr(after))


def _instructions(stage: Stage) -> tuple[Instruction, ...]:
    own = tuple(visit.instruction for visit in stage.visits)
    return (*_instructions(stage.parent), *own) if stage.parent is not None else own


def contract_of(machine: Machine, program: Program) -> RuntimeContract:
    """The runtime contract of the last stage, with what it inherits. `program` has the user's build
    arguments."""
    return _contract(machine.file, machine.final, program.build_args)


def _contract(file: Dockerfile, stage: Stage, build_args: Mapping[str, str]) -> RuntimeContract:
    inherited = _contract(file, stage.parent, build_args) if stage.parent is not None else None
    facts = stage.facts if inherited is None else None
    known = {k: v for k, v in stage.facts.env.items() if v is not None} if stage.facts is not None else None
    places = {id(x): i for i, x in enumerate(file.instructions)}
    force = scopes(file, known, build_args)
    body = [visit.instruction for visit in stage.visits]
    return runtime_contract(body, [force[places[id(x)]] for x in body], facts, inherited)
