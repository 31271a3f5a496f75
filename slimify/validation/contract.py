"""The runtime contract is the same, except for what the plan states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from msgspec.structs import replace

from slimify.analysis.program import RuntimeContract
from slimify.analysis.runtime_contract import runtime_contract
from slimify.facts.settings import development_settings, toolchain_settings
from slimify.facts.system import default_path, is_plain_root
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Instruction
from slimify.model.plan import NewStart, Plan
from slimify.semantics.machine.stages import Machine, Stage
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs, meaning
from slimify.validation.inputs import is_reordered

_SAME = ("user", "volumes", "labels", "healthcheck", "stop_signal", "shell", "workdir", "ports")


def contract_problems(old: Machine, new: Machine, plan: Plan) -> Iterator[Reason]:
    """Changes of the runtime contract, except for a user that the plan adds, a start command that it
    replaces, and toolchain settings that it moves to the builder."""
    before = _with_new_start(runtime_contract(old.final), plan.new_start)
    after = runtime_contract(new.final)
    for name in _SAME:
        one, other = getattr(before, name), getattr(after, name)
        one = plan.user if name == "user" and plan.user else one
        if name == "user" and is_plain_root(str(one)) and is_plain_root(str(other)):
            continue
        if one != other and not (name == "workdir" and one is None):
            yield Reason.of("SL409", "changes", name=name, before=repr(one), after=repr(other))
    sets = any(
        chain(*(_instructions(m.final, keyword) for m in (old, new) for keyword in ("CMD", "ENTRYPOINT")))
    )
    for name in ("entrypoint", "cmd"):
        one, other = getattr(before, name), getattr(after, name)
        if other is not None if one is None else one != other and sets:  # None: of an unknown base image
            yield Reason.of("SL409", "changes", name=name, before=repr(one), after=repr(other))
    triggers = [[meaning(x) for x in _instructions(m.final, "ONBUILD")] for m in (old, new)]
    if triggers[0] != triggers[1]:
        one, other = map(repr, triggers)
        yield Reason.of("SL409", "changes", name="ONBUILD", before=one, after=other)
    moved = frozenset(n for d in plan.decisions if d.code == "SL319" for n in d.names("names"))
    added = {str(d.get("name")) for d in plan.decisions if (d.code, d.form) == ("SL312", "set_for_all")}
    given = {**before.env, **dict.fromkeys(added & development_settings() - before.env.keys(), "1")}
    yield from _env_changes(old, new, given, after.env, moved & toolchain_settings())


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
        value, other = before.get(name), after.get(name)
        if value is None or value == other or "\0" in value or (name in moved and other is None):
            continue
        if name != "PATH" or _is_other_path(value, other or "", old, new):
            yield Reason.of("SL409", "env_changes", name=name, before=repr(value), after=repr(other))
    # directories that programs are found in may be new, as those of an environment
    if "PATH" not in _names_set(old.final) and is_reordered(before.get("PATH", ""), after.get("PATH", "")):
        yield Reason.of("SL409", "env_changes", name="PATH", before=before["PATH"], after=after["PATH"])
    arguments = {n for x in _instructions(old.final, "ARG") for n, _ in arg_names(x)}
    for name in sorted(_names_set(new.final) - {"PATH"}):
        known = name in before or (name in old.final.end.env and name not in arguments)
        if not known or (before.get(name, after.get(name)) != after.get(name) and "\0" not in before[name]):
            yield Reason.of("SL409", "env_new", name=name)


def _names_set(stage: Stage) -> frozenset[str]:
    """The variables that ENV sets in a stage and those it builds on."""
    return frozenset(name for x in _instructions(stage, "ENV") for name, _ in env_pairs(x))


def _is_other_path(before: str, after: str, old: Machine, new: Machine) -> bool:
    """Whether a PATH has other directories of its own, or those of both in another order."""
    own = _own_directories(before, old) != _own_directories(after, old, new)
    return own or is_reordered(before, after)


def _own_directories(path: str, *machines: Machine) -> list[str]:
    """The directories of PATH that no base image of these files has: one that the old base image has may be
    put on PATH again."""
    facts = (machine.final.facts for machine in machines)
    given = {d for f in facts for d in ((f and f.env.get("PATH")) or default_path()).split(":")}
    return [directory for directory in path.split(":") if directory not in given]


def _instructions(stage: Stage, keyword: str) -> Iterator[Instruction]:
    """The instructions of a stage and those it builds on, the first one first."""
    visits = (visit for one in reversed([*stage.chain]) for visit in one.visits)
    return (visit.instruction for visit in visits if visit.instruction.keyword == keyword)
