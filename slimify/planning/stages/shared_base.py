"""Steps that both stages begin with, in a stage of their own: `FROM x AS base`, then `FROM base` twice.

Where the final stage starts from the original base again, builder and final stage often repeat the same
long list: packages, users, scripts. Told once, nobody has to keep two lists alike. A stage inherits
everything but the arguments that are said again where something behind names them: not every builder
hands those on (dockerfile reference, "ARG: scope").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.builders import can
from slimify.model.decisions import Decision
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.stages.join_runs import parted
from slimify.planning.stages.partition import ON_LISTS
from slimify.planning.stages.staging import keyword, keyword_case, new_item, renamed
from slimify.syntax.dockerfile.instructions import arg_names, from_parts, meaning, split_stages
from slimify.syntax.dockerfile.parser import encode, parse

# What only describes the image does no harm to a builder. Not what a later ENTRYPOINT would reset if it were
# inherited, nor a volume, whose later changes are lost.
_HARMLESS = frozenset({"LABEL", "MAINTAINER", "EXPOSE", "STOPSIGNAL"})
# What the final stage says behind an install; a builder that installs nothing more does without lists, too.
_CLEANED = re.compile(r"[\s\\]*&& rm -rf /var/lib/apt/lists/\*\s*")
# Keyword, flags, value, here-documents.
_Said = tuple[str, tuple[tuple[str, str | None], ...], str, tuple[str, ...]]
_LEAST_LINES = 6  # fewer are easier to read twice than in a third stage


def with_shared_base(program: Program, plan: Plan, builder: str) -> Plan | None:
    """The plan with a stage for what its two begin with; None where they have too little in common. `builder`
    is what will build the file."""
    if len(plan.stages) != 2 or plan.rung != "same-base":
        return None
    build, final = plan.stages
    if build.base != final.base or build.purpose != "build":
        return None
    shared, here, there = _shared(program, build.items[1:], final.items[1:])
    lines = sum(len(parted(item.text)[1].splitlines()) for item in shared)
    taken = {build.name, final.name.lower(), program.base_ref.lower()}
    name = next((n for n in ("base", "common", "shared") if n not in taken), None)
    if name is None or lines < _LEAST_LINES or not any(keyword(item) == "RUN" for item in shared):
        return None
    end, case = program.dockerfile.newline, keyword_case(program)
    handed_on = can(builder, "inherits_args")

    def begun(stage: Stage, rest: Sequence[Item]) -> Stage:
        alias = f" {case('AS')} {stage.name}" if stage.name else ""
        head = new_item(f"{case('FROM')} {name}{alias}", end)
        return replace(stage, base=name, items=(head, *_begun(program, shared, rest, handed_on)))

    first = renamed(build.items[0], name, case, end)
    base = Stage(name=name, base=build.base, purpose="base", items=(first, *shared))
    told = Decision.of("SL304", "shared", safety="safe", line=program.steps[0].line, stage=build.name)
    stages = (base, begun(build, here), begun(final, there))
    return replace(plan, stages=stages, decisions=(*plan.decisions, told))


def same_steps(plain: str, shared: str) -> bool:
    """Whether a text with a shared base says the same as one of two stages: its first stage put in front of
    the others, without what these say again, is what stood there before."""
    before, (base, *others) = split_stages(parse(encode(plain))), split_stages(parse(encode(shared)))
    again = {meaning(x) for x in base if x.keyword == "ARG"}
    for old, new in zip(before, others, strict=True):
        unfolded = [*base[1:], *(x for x in new[1:] if meaning(x) not in again)]
        building = old is before[0]
        told = [meaning(x) for x in unfolded if not (building and x.keyword in _HARMLESS)]
        wanted = [meaning(x) for x in old[1:] if not (building and x.keyword in _HARMLESS)]
        if len(told) != len(wanted) or not all(
            a == b or (building and _cleaned(a, b)) for a, b in zip(told, wanted, strict=True)
        ):
            return False
    start = from_parts(base[0])
    return all(from_parts(x[0]).image == start.alias for x in others) and all(
        from_parts(x[0]).image == start.image for x in before
    )


def _shared(
    program: Program, building: Sequence[Item], final: Sequence[Item]
) -> tuple[tuple[Item, ...], tuple[Item, ...], tuple[Item, ...]]:
    """What both begin with, as the final stage has it, and the rest of each."""
    shared: list[Item] = []
    passed: list[Item] = []  # of the final stage alone, harmless to the builder
    here = there = 0
    for number, item in enumerate(final):
        if keyword(item) in _HARMLESS:
            passed.append(item)
            continue
        installs = any(_installs(program, x) for x in building[here + 1 :])
        if here == len(building) or not _same(building[here], item, cleaned=not installs):
            break
        comments = max(building[here].text, item.text, key=len)
        shared += [*passed, replace(item, text=comments)]
        passed = []
        here, there = here + 1, number + 1
    return tuple(shared), tuple(building[here:]), tuple(final[there:])


def _installs(program: Program, item: Item) -> bool:
    """Whether an item may read apt's lists."""
    if keyword(item) != "RUN":
        return False
    step = program.step(item.origin) if item.origin is not None else None
    if step is None or not step.atoms:
        return True
    return bool(ON_LISTS & {e.kind for e in step.effects})


def _same(one: Item, other: Item, *, cleaned: bool) -> bool:
    """Whether both are the same instruction of the file, with the same words; the other one may remove apt's
    lists besides if that is `cleaned`. A SHELL is told everywhere."""
    told, final = parted(one.text)[1], parted(other.text)[1]
    same = told == final or (cleaned and final.startswith(told) and _CLEANED.fullmatch(final, len(told)))
    return one.origin is not None and one.origin == other.origin and bool(same) and keyword(one) != "SHELL"


def _begun(program: Program, shared: Sequence[Item], rest: Sequence[Item], handed_on: bool) -> Iterator[Item]:
    """The rest of a stage, and in front of it the arguments of the shared one that it names, or that a
    command may read from its environment where the builder does not hand them on."""
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
            again.append(Item(text=parted(item.text)[1] + end, spaced=spaced and not again))
    yield from again
    for number, item in enumerate(rest):
        yield replace(item, spaced=item.spaced or (spaced and not number))


def _cleaned(new: _Said, old: _Said) -> bool:
    """Whether a RUN only removes apt's lists besides."""
    return (new[0], new[1], new[3]) == (old[0], old[1], old[3]) == ("RUN", old[1], ()) and bool(
        new[2].startswith(old[2]) and _CLEANED.fullmatch(new[2], len(old[2]))
    )
