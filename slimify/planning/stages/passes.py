"""Plan -> Plan: what is left to do once both stages have their steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.system import is_root
from slimify.model.dockerfile import Dockerfile
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.stages.items import with_line_end
from slimify.planning.stages.join_runs import joined_runs, run_with_command

_Change = Callable[[Program, Sequence[Item]], Sequence[Item]]  # of the items of a stage after FROM


def finished(program: Program, plan: Plan) -> Plan:
    """The plan after all passes."""
    for change in IN_BUILDER:
        plan = _with(program, plan, "build", change)
    for change in IN_FINAL:
        plan = _with(program, plan, "run", change)
    return plan


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


def with_user_restored(program: Program, items: Sequence[Item]) -> Sequence[Item]:
    """The USER that follows a switch to root in the builder, so that the builder does not end as root."""
    last = max((item.origin for item in items if item.origin is not None), default=0)
    users = [s for s in program.steps if s.keyword == "USER"]
    before = [s for s in users if s.index <= last]
    after = [s for s in users if s.index > last]
    if not before or not after or not is_root(before[-1].instruction.value.strip()):
        return items
    text = with_line_end(after[0].instruction.raw, program.dockerfile.newline)
    return (*items, Item(text=text, origin=after[0].index))


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


IN_BUILDER: tuple[_Change, ...] = (
    with_tail_joined,  # first: the RUN that it extends has to be the last instruction
    with_user_restored,  # after the tail, which needs the user of the steps before it
)
IN_FINAL: tuple[_Change, ...] = (
    without_repeated_workdirs,  # first: RUNs that only such a WORKDIR separates can be joined
    joined_runs,  # last: it only looks at what stands next to each other by now
)
"""The passes of each stage, in order."""
