"""The last stage of a plan with several stages, cleaned as a file with one stage is.

A second run would clean it: what a plan leaves there has nothing left to clean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.errors import SlimifyError
from slimify.model.plan import Item, Plan
from slimify.planning.in_place.cleaners import CLEANERS, Cleaner, cleaned
from slimify.planning.in_place.development_stage import with_development_stage
from slimify.planning.in_place.plans import fewer_cleaners
from slimify.planning.stages.items import keyword
from slimify.syntax.dockerfile.instructions import is_multi_stage


def with_clean_last_stage(
    program: Program,
    plan: Plan,
    options: Options,
    write: Callable[[Plan], Program],
    read: Callable[[str], Program],
    passes: Sequence[Cleaner] = CLEANERS,
) -> Plan:
    """The plan with its last stage cleaned. `program` is the user's file, `write` reads the text of a
    plan."""
    last = plan.stages[-1]
    if plan.rung == "cleanup" or not any(keyword(item) == "RUN" for item in last.items):
        return plan
    from slimify.planning.estimates.estimate import left_list_bytes
    from slimify.planning.in_place.edits import new_draft

    written = write(plan)
    instructions = written.dockerfile.instructions
    steps = [item for item in last.items[1:] if keyword(item)]
    head = len(instructions) - len(steps) - 1
    if [x.keyword for x in instructions[head:]] != ["FROM", *map(keyword, steps)]:
        return plan
    start = new_draft(written)
    by_line = dict(enumerate(steps, head + 1))
    lines = (_user_line(program, by_line.get(i)) for i in range(len(instructions)))
    # cache mounts are for builders, where the plan has them already
    draft = cleaned(replace(start, lines=tuple(lines)), replace(options, cache_mounts=False), read, passes)
    if draft.items[: head + 1] != start.items[: head + 1] or draft.text == start.text:
        return plan
    raw = {item.origin: item.text for item in start.items}
    items = (_own_item(x, by_line, raw) for x in draft.items[head + 1 :])
    cleaned_stage = replace(last, items=(last.items[0], *items))
    lists = left_list_bytes(written) - left_list_bytes(draft.program) if plan.rung == "same-base" else 0
    plan = replace(plan, saving=plan.saving + lists)
    said = {decision.reason for decision in plan.decisions if not decision.line}
    more = (d for d in draft.without_advice().decisions if d.reason not in said)
    return plan.with_final(cleaned_stage, *more)


def cleaned_first(
    program: Program,
    plan: Plan,
    options: Options,
    write: Callable[[Plan], Program],
    read: Callable[[str], Program],
) -> Iterator[Plan]:
    """The plan with its last stage cleaned, if there is anything to clean, with and without a stage that
    drops development packages, and the plan. `write` reads the text of a plan."""
    try:
        lean = with_development_stage(plan, options, write) if is_multi_stage(program.dockerfile) else plan
        for one in (lean,) if lean is plan else (lean, plan):
            clean = with_clean_last_stage(program, one, options, write, read)
            yield from (clean,) if clean is not plan else ()
    except SlimifyError:  # validation says why it can't be read
        pass
    yield plan


def partly_clean_last_stages(
    program: Program, plan: Plan, options: Options, written: Program, read: Callable[[str], Program]
) -> Iterator[Plan]:
    """The plan with its last stage cleaned by fewer cleaners, most of them first."""
    for few in fewer_cleaners(written):
        clean = with_clean_last_stage(program, plan, options, lambda _: written, read, few)
        yield from (clean,) if clean is not plan else ()


def _user_line(program: Program, item: Item | None) -> int:
    """The line in the user's file of an item's instruction; that of FROM for a new one."""
    instructions = program.dockerfile.instructions
    if item is not None and item.origin is not None:
        return instructions[item.origin].line
    return instructions[program.dockerfile.last_from].line


def _own_item(cleaned: Item, by_line: dict[int, Item], raw: dict[int | None, str]) -> Item:
    """The item of the plan that a cleaned instruction comes from, with its new text."""
    if cleaned.origin is None:
        return cleaned
    item = by_line[cleaned.origin]
    return item if cleaned.text == raw[cleaned.origin] else replace(item, text=cleaned.text.lstrip("\r\n"))
