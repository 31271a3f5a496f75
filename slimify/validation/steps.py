"""The commands of the new file: known ones in their order, harmless additions, programs that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.facts.image_tables import accounts
from slimify.facts.images import ImageFacts
from slimify.facts.system import distribution_accounts, is_root
from slimify.facts.toolchains import installers
from slimify.languages import of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import (
    BUILDS,
    INSTALLS_NOTHING,
    LEAVES_NOTHING,
    NOT_FOR_RUN_TIME,
    RUNS_CODE,
    Action,
    Effect,
    SystemManager,
)
from slimify.semantics.machine.stages import Event, Stage
from slimify.syntax.dockerfile.words import expand
from slimify.validation.comparison import Pair
from slimify.validation.software import Packages, lost_programs, programs_of, providers

# Additions: packages and users are compared on their own; removals show in what is read and in the result.
_ADDITIONS = INSTALLS_NOTHING | {"packages", "prune"}
_CONSENT = re.compile(r"-y|--yes|--assume-yes|-\w*q\w*y\w*|-\w*y\w*q\w*|-qq")


def step_problems(pair: Pair) -> Iterator[Reason]:
    """Commands that are new, missing, in another order, or that can't run where they are."""
    yield from _unread_commands(pair)
    yield from _new_commands(pair)
    yield from _order_problems(pair)
    if not pair.last:
        yield from _missing_in_builder(pair)
    yield from _missing_programs(pair)
    yield from _package_manager_problems(pair)


def _unread_commands(pair: Pair) -> Iterator[Reason]:
    """Rule P9: a RUN that the shell parser can't read, although the old file has no such RUN."""
    known = {e.visit.instruction.value for e in pair.old.events}
    for visit in pair.new.visits:
        script = visit.script
        if script is None or visit.instruction.value in known:
            continue
        if script.opaque or any(atom.opaque.startswith("can't be parsed") for atom in script.atoms):
            yield Reason.of("SL409", "command_new", command=visit.instruction.value[:50])


def _new_commands(pair: Pair) -> Iterator[Reason]:
    for event, match in pair.commands():
        if match is None and not _is_addition(pair, event):
            yield Reason.of("SL409", "command_new", command=_text(event))


def _is_addition(pair: Pair, event: Event) -> bool:
    """Whether a new command only prepares, cleans up, or adds what is compared on its own."""
    return bool(event.effects) and all(
        effect.kind in _ADDITIONS
        or effect.tool in ("mkdir", "install")
        or effect.kind == "meta"
        or (effect.kind == "source" and effect.action == Action.WRITE)
        or (effect.kind == "users" and bool(pair.user))
        or (effect.kind == "files" and not (effect.writes or effect.outputs or effect.writes_anywhere))
        or (effect.kind == "install" and _is_known_install(pair, effect))
        or (effect.kind == "fetch" and _downloads_what_add_did(pair, event))
        for effect in event.effects
    )


def _is_known_install(pair: Pair, effect: Effect) -> bool:
    """An install that makes an environment, drops development dependencies, or removes installers."""
    known = of_effect(effect)
    if known is None:
        return False
    if effect.action == Action.UNINSTALL:
        names = {p.name.lower() for p in effect.packages}
        used = {use.name.lower() for use in pair.program.runtime_needs.sources.imports}
        own = installers(known)
        return bool(names & {*known.installers, *(own.commands if own is not None else ())} - used)
    if effect.action in known.prepares:
        return True
    before = (e for event in pair.old.events for e in event.effects if e.kind == "install")
    return (
        not effect.packages
        and not effect.dev
        and any(e.manager == effect.manager and e.dev and set(effect.writes) <= set(e.writes) for e in before)
    )


def _downloads_what_add_did(pair: Pair, event: Event) -> bool:
    copies = (e.copy for e in pair.old.events if e.copy is not None)
    urls = [source for copy in copies for source in copy.sources if "://" in source]
    return any(url in _full_text(event) for url in urls)


def _order_problems(pair: Pair) -> Iterator[Reason]:
    """Commands that run code in another order. The order of others follows from what they read."""
    last = -1
    for event, match in pair.commands():
        if match is None or not event.kinds & (BUILDS | RUNS_CODE):
            continue
        if match.number < last:
            yield Reason.of("SL409", "order")
            return
        last = match.number


def _missing_in_builder(pair: Pair) -> Iterator[Reason]:
    """Rule P1: steps that the builder leaves out although a later one may read what they make."""
    done = [match for event, match in pair.commands() if match is not None]
    last = max((m.number for m in done if not m.kinds <= NOT_FOR_RUN_TIME), default=-1)
    for event in pair.old.events:
        if event.number >= last:
            break
        if event.keyword != "RUN" or event.number in pair.executed or event.kinds <= LEAVES_NOTHING:
            continue
        yield Reason.of("SL409", "command_gone", command=_text(event))


def _missing_programs(pair: Pair) -> Iterator[Reason]:
    """Programs that a command starts and that the stage lacks at that point, unlike the old one."""
    lost = lost_programs(pair.old.facts, pair.new.facts)
    old, new = Packages(pair.old.events), Packages(pair.new.events)
    made: set[str] = set()  # the names of the files that steps of the new stage made so far
    for event, match in pair.commands():
        if match is not None:
            had, have = old.before(match.number), new.before(event.number)
            for program in dict.fromkeys(programs_of(event)):
                sources = providers(program, had, pair.old.facts)
                if sources and not sources & have and program not in made:
                    yield Reason.of("SL409", "caller", command=_text(event), package=sorted(sources)[0])
                elif program in lost and lost[program] not in have and not sources:
                    yield Reason.of("SL409", "tool_missing", command=program, at=f"`{_text(event)}`")
        made |= {w.rpartition("/")[2] for x in event.effects for w in (*x.writes, *x.outputs)}
    if pair.new.facts is not None and not pair.new.facts.shell and not _same_base(pair):
        for event, _ in pair.commands():
            yield Reason.of("SL409", "no_shell", base=pair.new.reference, command=_text(event))


def _same_base(pair: Pair) -> bool:
    old, new = pair.old.facts, pair.new.facts
    return old is new or (old is not None and new is not None and old.reference == new.reference)


def _package_manager_problems(pair: Pair) -> Iterator[Reason]:
    """apt without lists, or one that would ask although it did not ask before."""
    old, new = _with_lists(pair.old), _with_lists(pair.new)
    same = _same_base(pair)
    for event, match in pair.commands():
        installs = [e for e in event.effects if e.kind == "packages" and e.manager == SystemManager.APT]
        for effect in (e for e in installs if e.packages):
            words = [w.value or "" for w in effect.command.words]
            listed = event.number in new or "index" in event.kinds
            if not listed and (match is None or not same or match.number in old):
                yield Reason.of("SL409", "lists", command=_text(event))
            if not any(_CONSENT.fullmatch(w) for w in words) and (match is None or not same):
                yield Reason.of("SL409", "asks", command=_text(event))


def _with_lists(stage: Stage) -> frozenset[int]:
    """The numbers of the events before which apt's package lists are there."""
    found: set[int] = set()
    listed = False
    for event in stage.events:
        if listed:
            found.add(event.number)
        listed = listed or "index" in event.kinds
        if any("/var/lib/apt/lists" in d for effect in event.effects for d in effect.deletes):
            listed = False
    return frozenset(found)


def user_problems(pair: Pair) -> Iterator[Reason]:
    """Accounts that the stage names and that neither a step nor the base image creates."""
    made: set[str] = set()
    for event in pair.new.events:
        if event.kinds & {"users", "unknown", "packages", "system"}:
            made |= {w.value or "" for e in event.effects for w in e.command.words}
            made |= {word for e in event.effects for word in e.action.split()}
            made |= set(re.findall(r"[\w.-]+", event.visit.instruction.value))
        for name in _accounts_named(event):
            if name.isdigit() or is_root(name) or name in made or _is_known_account(name, pair.new.facts):
                continue
            yield Reason.of("SL409", "user_missing", user=name, base=pair.new.reference)


def _accounts_named(event: Event) -> Iterator[str]:
    known = {k: v for k, v in event.state.env.items() if v is not None}
    texts: list[str] = []
    if event.keyword == "USER":
        texts.append(event.visit.instruction.value)
    if event.copy is not None and event.copy.parts.chown:
        texts.append(event.copy.parts.chown)
    for text in texts:
        name = (expand(text, known) or "").strip().strip("\"'").partition(":")[0]
        if name:
            yield name


def _is_known_account(name: str, facts: ImageFacts | None) -> bool:
    return facts is None or name in (
        *distribution_accounts(),
        facts.user,
        *accounts(facts.family),
        *facts.users,
    )


def _full_text(event: Event) -> str:
    return event.origin.name if event.origin is not None else event.visit.instruction.value


def _text(event: Event) -> str:
    return _full_text(event)[:50]
