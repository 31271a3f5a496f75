"""Plan -> Plan: what is left to do once both stages have their steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.dockerfile import Dockerfile
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.stages.item_text import run_with_command

_Change = Callable[[Program, Sequence[Item]], Sequence[Item]]  # of the items of a stage after FROM


def finished(program: Program, plan: Plan) -> Plan:
    """The plan after both passes."""
    plan = _with(program, plan, "build", with_tail_joined)
    return _with(program, plan, "run", without_repeated_workdirs)


def _with(program: Program, plan: Plan, purpose: str, change: _Change) -> Plan:
    def changed(stage: Stage) -> Stage:
        start, *items = stage.items
        return replace(stage, items=(start, *change(program, items))) if stage.purpose == purpose else stage

    return replace(plan, stages=tuple(map(changed, plan.stages)))


def with_tail_joined(program: Program, items: Sequence[Item]) -> Sequence[Item]:
    """The commands that prune the builder extend its last RUN if that is plain shell, so that no layer is
    stored before it is pruned; the others stay instructions of their own."""
    steps = max((n + 1 for n, item in enumerate(items) if item.origin is not None), default=0)
    done, tail = [*items[:steps]], [*items[steps:]]
    end = program.dockerfile.newline
    while done and tail and tail[0].text.startswith("RUN "):
        command = tail[0].text.removeprefix("RUN ").removesuffix(end)
        longer = run_with_command(done[-1], command, end)
        if longer is None:
            break
        done[-1] = longer
        tail.pop(0)
    return (*done, *tail)


def without_repeated_workdirs(program: Program, items: Sequence[Item]) -> Sequence[Item]:
    """Drops a WORKDIR that returns to the directory the stage is already in: the WORKDIR in between belongs
    to the builder."""
    file = program.dockerfile
    kept: list[Item] = []
    last: int | None = None
    for item in items:
        if item.origin is not None and file.instructions[item.origin].keyword == "WORKDIR":
            if last is not None and _left_and_returned(file, last, item.origin):
                continue
            last = item.origin
        kept.append(item)
    return kept


def _left_and_returned(file: Dockerfile, last: int, index: int) -> bool:
    """Whether two WORKDIRs of the file are equal and absolute, with another one between them."""
    value = file.instructions[index].value.strip()
    between = file.instructions[last + 1 : index]
    same = value[:1] in ("/", "$") and file.instructions[last].value.strip() == value
    return same and any(x.keyword == "WORKDIR" for x in between)
