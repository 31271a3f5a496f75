"""Moves the steps that both stages begin with into a stage of their own: `FROM x AS base`, then `FROM base`
twice.

If the final stage starts from the original base, both stages often repeat the same packages, users and
scripts. With a shared stage they exist once. A stage inherits everything except ARGs, which are repeated
where a later instruction uses them: not every builder passes them on (dockerfile reference, "ARG: scope").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.builders import can
from slimify.model.decisions import Decision
from slimify.model.plan import Item, Plan, Stage
from slimify.model.regex import regex
from slimify.planning.package_lists import may_read_earlier_lists
from slimify.planning.stages.item_text import split_comments
from slimify.planning.stages.items import keyword, keyword_case, named_from, new_item
from slimify.syntax.dockerfile.instructions import arg_names

# Instructions that only describe the image are harmless in the builder. CMD is not: a later ENTRYPOINT resets
# an inherited one. VOLUME is not: later changes below it are lost.
_HARMLESS = frozenset({"LABEL", "MAINTAINER", "EXPOSE", "STOPSIGNAL"})
# The final stage removes the lists after an install. So may the builder if it installs nothing afterwards.
_LIST_REMOVAL = regex(r"[\s\\]*&& rm -rf /var/lib/apt/lists/\*\s*")
_MIN_LINES = 6  # fewer lines are easier to read twice than in a third stage


def with_shared_base(program: Program, plan: Plan, builder: str) -> Plan | None:
    """The plan with a stage for the common steps; None if the stages have too little in common. `builder`
    is the tool that builds the file."""
    common = _common_steps(program, plan)
    if common is None:
        return None
    shared, here, there = common
    build, final = plan.stages
    taken = {build.name, final.name.lower(), program.base_ref.lower()}
    name = next((n for n in ("base", "common", "shared") if n not in taken), None)
    if name is None:
        return None
    end, case = program.dockerfile.newline, keyword_case(program)
    handed_on = can(builder, "inherits_args")

    def begun(stage: Stage, rest: Sequence[Item]) -> Stage:
        alias = f" {case('AS')} {stage.name}" if stage.name else ""
        head = new_item(f"{case('FROM')} {name}{alias}", end)
        return replace(stage, base=name, items=(head, *_with_arguments(program, shared, rest, handed_on)))

    first = named_from(build.items[0], name, case, end)
    base = Stage(name=name, base=build.base, purpose="base", items=(first, *shared))
    plain_items = Decision.of("SL304", "shared", line=program.steps[0].line, stage=build.name)
    stages = (base, begun(build, here), begun(final, there))
    return replace(plan.told(plain_items), stages=stages)


def shares_steps(program: Program, plan: Plan) -> bool:
    """Whether the builder and the final stage begin with enough common steps for a stage of their own."""
    return _common_steps(program, plan) is not None


def _common_steps(
    program: Program, plan: Plan
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]] | None:
    """The steps that the builder and the final stage have in common, and the others of both; None if these
    are too few for a stage of their own."""
    if len(plan.stages) != 2 or plan.rung != "same-base":
        return None
    build, final = plan.stages
    if build.base != final.base or build.purpose != "build":
        return None
    shared, here, there = _common_items(program, build.items[1:], final.items[1:])
    lines = sum(len(split_comments(item.text)[1].splitlines()) for item in shared)
    enough = lines >= _MIN_LINES and any(keyword(item) == "RUN" for item in shared)
    return (shared, here, there) if enough else None


def _common_items(
    program: Program, building: Sequence[Item], final: Sequence[Item]
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]]:
    """The common beginning, as the final stage has it, and the remaining items of each stage."""
    shared: list[Item] = []
    passed: list[Item] = []  # only in the final stage, but harmless in the builder
    here = there = 0
    for number, item in enumerate(final):
        if keyword(item) in _HARMLESS:
            passed.append(item)
            continue
        installs = any(_may_read_lists(program, x) for x in building[here + 1 :])
        if here == len(building) or not _is_same(building[here], item, cleaned=not installs):
            break
        comments = max(building[here].text, item.text, key=len)
        shared += [*passed, replace(item, text=comments)]
        passed = []
        here, there = here + 1, number + 1
    return tuple(shared), tuple(building[here:]), tuple(final[there:])


def _may_read_lists(program: Program, item: Item) -> bool:
    """Whether an item may read apt's lists as an earlier one left them."""
    if item.origin is None:
        return keyword(item) == "RUN"
    return may_read_earlier_lists(program.step(item.origin))


def _is_same(one: Item, other: Item, *, cleaned: bool) -> bool:
    """Whether both items are the same instruction with the same words. With `cleaned`, the second one may
    also remove apt's lists. A SHELL is never shared."""
    plain_items, final = split_comments(one.text)[1], split_comments(other.text)[1]
    same = plain_items == final or (
        cleaned and final.startswith(plain_items) and _LIST_REMOVAL.fullmatch(final, len(plain_items))
    )
    return one.origin is not None and one.origin == other.origin and bool(same) and keyword(one) != "SHELL"


def _with_arguments(
    program: Program, shared: Sequence[Item], rest: Sequence[Item], handed_on: bool
) -> Iterator[Item]:
    """The rest of a stage, preceded by those shared ARGs that it names, or that a command may read from its
    environment if the builder does not pass them on."""
    end, spaced = program.dockerfile.newline, shared[0].spaced
    texts = " ".join(item.text for item in rest)
    runs = not handed_on and any(keyword(item) == "RUN" for item in rest)
    kept = {name for item in shared if keyword(item) == "ENV" for name in re.findall(r"\w+", item.text)}
    everything = " ".join(x.raw for x in program.dockerfile.instructions if x.keyword != "ARG")
    again: list[Item] = []
    for item in (x for x in shared if keyword(x) == "ARG" and x.origin is not None):
        names = {name for name, _ in arg_names(program.dockerfile.instructions[item.origin or 0])}
        named = any(re.search(rf"\b{re.escape(n)}\b", texts) for n in names)
        heard = runs and not any(re.search(rf"\b{re.escape(n)}\b", everything) for n in names)
        if (named or heard) and not names & kept:
            again.append(Item(text=split_comments(item.text)[1] + end, spaced=spaced and not again))
    yield from again
    for number, item in enumerate(rest):
        yield replace(item, spaced=item.spaced or (spaced and not number))
