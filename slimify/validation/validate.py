"""Validates a plan and its text on every run, as black does: translation validation.

The old and the new file are executed by the same abstract machine, and the two machines are compared.
Nothing here knows how the plan was made. Each check yields reasons. If there is any, the plan is not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from slimify.analysis.advice.findings import SECRET
from slimify.analysis.program import Program
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.errors import SlimifyError
from slimify.model.plan import Plan
from slimify.semantics.machine.stages import Machine, Stage
from slimify.syntax.dockerfile.instructions import arg_names, meaning, split_stages
from slimify.syntax.dockerfile.lines import directive
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.validation.bases import base_problems
from slimify.validation.closed_worlds import context_problems
from slimify.validation.comparison import Comparison, Pair
from slimify.validation.contract import contract_problems
from slimify.validation.copies import copy_problems
from slimify.validation.development import development_problems
from slimify.validation.inputs import input_problems
from slimify.validation.packages import package_problems
from slimify.validation.result import result_problems
from slimify.validation.roots import path_problems, root_paths, root_problems, setting_problems, start_paths
from slimify.validation.steps import step_problems, user_problems

_MOST = 50  # problems that are looked for: a file with a thousand is as wrong


_LEFT_OUT = ("SL206", "left_out")  # by request


def problems(
    program: Program, plan: Plan, text: str, original: Dockerfile, comments: frozenset[str] = frozenset()
) -> tuple[Reason, ...]:
    """Reasons not to use the text; () if all checks pass.

    `program` is the input of the planner. The runtime contract must be that of `original`, except for a start
    command that the plan replaces. `comments` are those of the user's templates.
    """
    try:
        file = parse(encode(text), program.name)
        found = [
            *_plan_problems(plan, split_stages(file)),
            *_comment_problems(plan, text, original, comments),
        ]
        everything = program.executed(file)
        new = default_target(everything)
    except SlimifyError as error:
        return (Reason.of("SL409", "unreadable", message=error.message),)
    before = program.executed(original)
    old = before if program.parent else program.machine  # the user's file, with the same start command
    found += contract_problems(before, new, plan)
    found += _steps_after_user(plan, new)
    found += _stage_problems(old, everything)
    idle = frozenset(n for d in plan.decisions if (d.code, d.form) == _LEFT_OUT for n in d.names("names"))
    compared = Comparison(old=old, new=new, program=program, user=plan.user, kept=plan.kept, left_out=idle)
    found += islice(comparison_problems(compared), _MOST)
    return tuple(dict.fromkeys(found))


def comparison_problems(compared: Comparison) -> Iterator[Reason]:
    """What differs between the two images, or fails in the new file."""
    start = tuple(dict.fromkeys(start_paths(compared)))
    yield from base_problems(compared)
    yield from copy_problems(compared, start)
    for pair in compared.pairs:
        yield from step_problems(pair)
        yield from input_problems(pair)
        yield from user_problems(pair)
        yield from _secret_problems(pair)
    roots = root_paths(compared, start)
    yield from result_problems(compared, roots)
    yield from root_problems(compared, roots)
    yield from path_problems(compared)
    yield from setting_problems(compared)
    yield from context_problems(compared, roots)
    yield from package_problems(compared)
    yield from development_problems(compared)


def default_target(machine: Machine) -> Machine:
    """The machine up to the stage that defines the image. A last stage that is only `FROM another` refers to
    that stage; stages in between are for `--target` only."""
    final = machine.final
    while final.parent is not None and not final.visits:
        final = final.parent
    return Machine(file=machine.file, stages=machine.stages[: machine.stages.index(final) + 1])


def _plan_problems(plan: Plan, stages: list[list[Instruction]]) -> Iterator[Reason]:
    """A text that is read as other stages or instructions than planned."""
    if len(stages) != len(plan.stages):
        yield Reason.of("SL409", "stages", planned=len(plan.stages), written=len(stages))
        return
    for stage, instructions in zip(plan.stages, stages, strict=True):
        planned = parse(encode("\n".join(item.text for item in stage.items)))
        start = next(i for i, x in enumerate(planned.instructions) if x.keyword == "FROM")
        if [meaning(x) for x in planned.instructions[start:]] != [meaning(x) for x in instructions]:
            yield Reason.of("SL409", "more_instructions", stage=stage.name or "final")


def _stage_problems(old: Machine, new: Machine) -> Iterator[Reason]:
    """Stages of the old file that the new one lacks or changes: a build may ask for any of them by its name.
    The image keeps its own. Those that it is made of may lack caches, and one without a name may get one."""
    made_of = {id(stage) for stage in old.final.chain}
    if old.final.name not in ("", *(stage.name for stage in new.stages)):
        yield Reason.of("SL409", "stage_changes", stage=old.final.name)
    for number, stage in enumerate(old.stages[:-1]):
        other = new.stages[number] if number < len(new.stages) else None
        named = other is not None and stage.name in ("", other.name)
        cleaned = id(stage) in made_of
        if other is None or not named or _meaning_of(stage, cleaned) != _meaning_of(other, cleaned):
            yield Reason.of("SL409", "stage_changes", stage=stage.name or str(number))


def _meaning_of(stage: Stage, cleaned: bool) -> tuple[object, ...]:
    lasting = (event for event in stage.own if not (cleaned and event.kinds == {"cache"}))
    return stage.reference, [e.origin or meaning(e.visit.instruction) for e in lasting]


def _comment_problems(
    plan: Plan, text: str, original: Dockerfile, comments: frozenset[str]
) -> Iterator[Reason]:
    """Comments that neither the plan, the old file nor a template has: they may tell what nobody may read.
    Parser directives are those of the old file."""
    items = [item for stage in plan.stages for item in stage.items]
    known = {line for item in items for line in _comments(item.text)}
    for line in sorted(_comments(text) - known - _comments(original.text)):
        if line not in comments or directive(line) is not None:
            yield Reason.of("SL409", "comment_new", comment=line)


def _comments(text: str) -> set[str]:
    """The comments, and the lines of heredocs that look like one."""
    return {line.strip() for line in text.splitlines() if line.lstrip().startswith("#")}


def _steps_after_user(plan: Plan, machine: Machine) -> Iterator[Reason]:
    """Steps after a USER that the plan adds: in the original, root ran them."""
    if not plan.user:
        return
    final = [visit.instruction for visit in machine.final.visits]
    users = [i for i, x in enumerate(final) if x.keyword == "USER"]
    if len(users) != 1:
        yield Reason.of("SL409", "other_user")
        return
    for instruction in final[users[0] :]:
        if instruction.keyword in ("RUN", "COPY", "ADD", "WORKDIR", "VOLUME"):
            yield Reason.of("SL409", "step_as_user", keyword=instruction.keyword, user=plan.user)


def _secret_problems(pair: Pair) -> Iterator[Reason]:
    """Rule P6: secrets that the image names and the old one did not, or that could stay in another stage."""
    if not pair.last or pair.new.visits == pair.old.visits:
        return
    declared = (v.instruction for stage in pair.old.chain for v in stage.visits)
    old = {n for x in declared if x.keyword == "ARG" for n, _ in arg_names(x)}
    texts = " ".join(v.instruction.value for v in pair.new.visits if v.instruction.keyword != "ARG")
    for visit in pair.new.visits:
        if visit.instruction.keyword == "ARG":
            for name, _ in arg_names(visit.instruction):
                if SECRET.search(name) and (name not in old or (name not in texts and not pair.alone)):
                    yield Reason.of("SL409", "secret", name=name)
