"""Rule P1: a builder executes the steps of the user's file in their order, up to the last one that it has. It
may lack a step if none of those that it has and that come later may read, start or name what it makes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from slimify.facts.build_use import came_with, may_configure, may_serve_build, programs_with
from slimify.facts.packages import system_package
from slimify.facts.programs import is_plain_check
from slimify.languages import of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import (
    BUILDS,
    CHANGES_FILES,
    INSTALLS,
    READS_DIRECTORY,
    READS_SETTINGS,
    RUNS_CODE,
    SHAPES_IMAGE,
    USES_NAMED_PROGRAMS,
    Effect,
    SystemManager,
)
from slimify.model.regex import regex
from slimify.semantics.context_files import CopiedPath
from slimify.semantics.effects.files import entered_by
from slimify.semantics.machine.stages import Event
from slimify.semantics.named_words import named_texts
from slimify.semantics.paths import inside, overlap
from slimify.validation.additions import is_addition
from slimify.validation.comparison import Pair
from slimify.validation.inputs import paths_read_by
from slimify.validation.software import programs_of

# Kinds of commands that cleaning in place may replace: packages, files and accounts are compared.
_REPLACED = frozenset({"packages", "unpackage", "index", "cache", "state", "meta", "files", "users", "prune"})
_NAME = regex(r"[A-Za-z_][\w-]*")


def sequence_problems(pair: Pair) -> Iterator[Reason]:
    """Commands in another order or with other files of the context, and those that are gone. A file of one
    stage executes all that cleaning in place does not replace. In the image those that run code keep their
    order: what others read is compared."""
    done = _own_commands(pair)
    numbers = [m.number for e, m in done if not pair.last or e.kinds & (BUILDS | RUNS_CODE)]
    if numbers != sorted(numbers) or (
        not pair.last and any(_context_copies(e) - _context_copies(m) for e, m in done)
    ):
        yield Reason.of("SL409", "order")
    if pair.last and not pair.alone:
        return
    end = max(numbers, default=-1) if not pair.last else len(pair.old.events)
    for event in pair.old.events[: max(end, 0)]:
        if event.number in pair.executed or event.keyword not in ("RUN", "COPY", "ADD"):
            continue
        if pair.last:
            spare = event.keyword != "RUN" or event.kinds <= _REPLACED
        else:
            spare = event.kinds <= {"state"} and event.keyword == "RUN"
            spare = spare or _is_spare(pair, event, [m for _, m in done if m.number > event.number])
        checks = event.keyword == "RUN" and all(is_plain_check(e.tool) for e in event.effects)
        if not spare and not checks:
            yield Reason.of("SL409", "command_gone", command=event.text[:50])


def _own_commands(pair: Pair) -> list[tuple[Event, Event]]:
    """The commands of the new stage that the old one has, each with that one. What is added may be the same
    as a command of the user's elsewhere: the one between its neighbours is that."""
    done = [(event, match) for event, match in pair.commands() if match is not None]
    counts = Counter(match.number for _, match in done)
    free = [(e, m) for e, m in done if counts[m.number] > 1 and is_addition(pair, e)]
    numbers = {event.number for event, _ in free}
    fixed = [(e, m) for e, m in done if e.number not in numbers]
    held, places = {m.number for _, m in fixed}, [e.number for e, _ in fixed]
    before = [*accumulate((m.number for _, m in fixed), max)]
    after = [*accumulate((m.number for _, m in reversed(fixed)), min)][::-1]
    own: dict[int, tuple[Event, Event]] = {}
    for event, match in (one for one in free if one[1].number not in held):
        at = bisect_left(places, event.number)
        follows = not at or before[at - 1] <= match.number
        precedes = at == len(after) or match.number <= after[at]
        if (follows and precedes) or match.number not in own:
            own[match.number] = event, match
    return sorted((*fixed, *own.values()), key=lambda one: one[0].number)


def _context_copies(event: Event) -> frozenset[CopiedPath]:
    return frozenset(event.state.view.copies)


def _is_spare(pair: Pair, event: Event, later: Sequence[Event]) -> bool:
    """Whether no later command of the builder may use what a step makes."""
    known = bool(event.effects) or event.copy is not None
    if not known or not event.kinds <= SHAPES_IMAGE or any(e.writes_anywhere or e.why for e in event.effects):
        return False
    if any(e.kind == "packages" and not e.packages for e in event.effects):
        return False
    effects = [(e, x) for x in later for e in x.effects]
    if any(e.kind in ("unknown", "check") or e.writes_anywhere or e.reads_anything for e, _ in effects):
        return False
    if any(x.keyword == "RUN" and not x.effects for x in later):
        return False
    own = [e for e in event.effects if e.kind in CHANGES_FILES]
    shaped = [p for e in own for p in (*e.writes, *e.outputs, *e.deletes)]
    shaped += event.visit.copy_targets or () if event.copy is not None else ()
    entered = [e.cwd or "/" for e, x in effects if e.cwd != x.state.cwd]
    entered += (place for e, _ in effects if (place := entered_by(e)) is not None)
    if any(inside(cwd, path) or cwd == "/" for cwd in entered for path in shaped):
        return False
    values = [v for x in later for v in x.state.env.values()]
    if any(e.kind in READS_SETTINGS for e, _ in effects) and any(may_configure(p, values) for p in shaped):
        return False
    if any(e.kind == "index" and e.manager != SystemManager.APT for e in event.effects):
        return False  # apt's lists are compared
    return not any(_reads(pair, event, e) for e, _ in effects) and not (
        _needs_packages(pair, event, [e for e, _ in effects], later) or _names_accounts(event, later)
    )


def _reads(pair: Pair, event: Event, effect: Effect) -> bool:
    """Whether a command may read or change what a step made or changed. Builds name sources and settings
    beside their directory, but no start scripts."""
    own = [p for e in event.effects for p in (*e.writes, *e.outputs, *e.deletes)]
    made = [*own, *(event.visit.copy_targets or () if event.copy is not None else ())]
    if event.copy is not None and not made:
        return True
    used = (*paths_read_by(pair, effect), *effect.writes, *effect.outputs, *effect.deletes)
    if any(overlap(path, place) for path in made for place in used):
        return True
    part = known.install_inputs if (known := of_effect(effect)) and effect.kind in INSTALLS else None
    brought = frozenset(pair.old.end.view.under(effect.cwd or "/"))
    closed = part is not None and part.install_inputs(pair.program, effect, brought) is not None
    if effect.kind not in (*READS_DIRECTORY, "prune") or closed:
        return False
    empty = event.copy is None and all(e.tool == "mkdir" or e.kind != "files" for e in event.effects)
    return not (empty and effect.kind != "app") and not all(_is_script(pair, path) for path in made)


def _is_script(pair: Pair, path: str) -> bool:
    view = pair.old.end.view
    name = view.context_path(path)
    named = {use.name.rpartition("/")[2] for use in pair.program.runtime_needs.sources.paths}
    known = name is not None and name in view.context.files and path.rpartition("/")[2] not in named
    return known and (view.context.text(name or "") or "").startswith("#!")


def _needs_packages(pair: Pair, event: Event, effects: Sequence[Effect], later: Sequence[Event]) -> bool:
    """Whether a command may use the packages that a step installs."""
    installs = [e for e in event.effects if e.kind == "packages"]
    if not installs:
        return False
    facts = pair.old.facts
    had = {*facts.commands} if facts is not None else set[str]()
    called = {p for x in later for p in programs_of(x)} | {x.state.shell[0].rpartition("/")[2] for x in later}
    names = [name for e in installs for name in came_with(e, facts)]
    if any(not (called - had).isdisjoint(programs_with(e, facts)) for e in installs):
        return True
    if not all(map(_is_of_no_package, effects)):
        return True
    building = [e for e in effects if e.kind in READS_DIRECTORY or e.kind == "fetch"]
    hooks = False
    for effect in building:
        known = of_effect(effect)
        if effect.kind in ("app", "build") or (effect.kind != "fetch" and known is None):
            return True
        if effect.kind in INSTALLS and known is not None and not known.is_compiled:
            hooks = True
            if known.runs_hooks:
                return True
    found = ((p.name, system_package(p.name, facts)) for e in pair.old.effects for p in e.packages)
    headers = [name for name, row in found if row is not None and row.kind == "build"]
    return any(may_serve_build(n, facts, headers, hooks=hooks) for n in names if building)


def _is_of_no_package(effect: Effect) -> bool:
    """Whether a command works with programs that it names, and on files of its directory, if on any."""
    if effect.kind in USES_NAMED_PROGRAMS or effect.followed:
        return not effect.followed
    here = effect.cwd or "/"
    touched = (*effect.reads, *effect.writes, *effect.outputs, *effect.deletes)
    return (
        effect.kind in CHANGES_FILES
        and effect.tool not in ("chown", "chgrp")
        and all(path.count("/") == 1 or (here != "/" and inside(path, here)) for path in touched)
    )


def _names_accounts(event: Event, later: Sequence[Event]) -> bool:
    """Whether a later command names an account that a step makes, is executed by it, or makes another one:
    their numbers depend on those before."""
    own = [e for e in event.effects if e.kind == "users"]
    if not own:
        return False
    words = {w.value or "/" for e in own for w in e.command.words[1:]}
    names = {word for word in words if _NAME.fullmatch(word)}
    told = [text for x in later for text in named_texts(x.visit, x.effects)]
    if None in told:
        return True
    texts = " ".join((*(text for text in told if text), *(x.state.user for x in later)))
    makes = any(e.kind == "users" for x in later for e in x.effects) or any(
        f"/home/{name}" in texts for name in names
    )
    return makes or any(e.followed for e in own) or not names.isdisjoint(_WORDS.findall(texts))


_WORDS = regex(r"[\w/-]+")
