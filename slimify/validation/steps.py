"""The commands of the new file: known ones in their order, harmless additions, programs that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.analysis.packages.module_needs import compiled_with
from slimify.facts.debian import brings
from slimify.facts.image_tables import accounts, data_packages_of
from slimify.facts.packages import system_package
from slimify.facts.system import distribution_accounts, is_root, is_systems
from slimify.facts.toolchains import beside
from slimify.languages import languages, of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import (
    BUILDS,
    Effect,
    SystemManager,
)
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.matches import identity
from slimify.semantics.machine.stages import Event, Stage
from slimify.semantics.paths import inside, is_named_place, overlap
from slimify.syntax.dockerfile.words import expand
from slimify.validation.additions import addition_problems
from slimify.validation.builder_steps import sequence_problems
from slimify.validation.comparison import Pair
from slimify.validation.software import (
    base_packages,
    came_along,
    package_of_lost,
    programs_of,
    providers,
)


def step_problems(pair: Pair) -> Iterator[Reason]:
    """Commands that are new, missing, in another order, or that can't run where they are."""
    yield from addition_problems(pair)
    yield from sequence_problems(pair)
    yield from _joint_problems(pair)
    yield from _option_problems(pair)
    yield from _program_problems(pair)
    yield from _package_manager_problems(pair)


def _may_compile(pair: Pair, effect: Effect) -> bool:
    """Whether it may start compilers. An install of named programs that the image repeats does not, nor one
    of packages that are known to need none."""
    if effect.kind not in BUILDS or _installs_installers(effect):
        return False
    known = of_effect(effect)
    packages = known.packages if known is not None and effect.packages and not effect.manifests else None
    if pair.last and packages is not None and not packages.may_compile(effect, ()):
        return False
    return not pair.last or pair.alone or effect.kind != "install-global"


def _is_repeated(pair: Pair, event: Event, match: Event, effect: Effect) -> bool:
    """Whether an install only checks what one before it made, which is there in both files."""
    known = of_effect(effect)
    if known is None or known.packages is None or effect.kind != "install":
        return False
    before = [e for x in pair.old.events[: match.number] for e in x.effects if e.kind == "install"]
    found = [content_at(pair.new, place, event.number) for place in effect.writes]
    there = all(content and not content.partial and not content.gone for content in found)
    return there and not known.packages.may_compile(effect, before)


def _installs_installers(effect: Effect) -> bool:
    known = of_effect(effect)
    names = {p.name for p in effect.packages}
    return known is not None and bool(names) and names <= {*known.installers}


def _joint_problems(pair: Pair) -> Iterator[Reason]:
    """`&&` and `;`: whether a failure stops the build, for commands next to each other in both files."""
    before: tuple[Event, Event | None] | None = None
    for event, equal in pair.commands():
        match = equal or pair.edited.get(event.number)
        if before is not None and before[0].visit is event.visit:
            joint, old = _operator(event), "&&"
            other = before[1]
            following = False
            if match is not None and other is not None:
                following = _follows(match, other)
                following = following or (joint == ";" and _says_the_same(pair, match, other))
            elif other is not None:  # a new command stands where one did whose operator decides
                follower = next((e for e in pair.old.events if _follows(e, other)), None)
                old = _operator(follower) if follower is not None else old
            if match is not None and following:
                old = _operator(match)
            if joint != old and (joint == ";" or (following and not _is_other_install(event, match))):
                yield Reason.of("SL409", "joint", command=event.text[:50], before=old, after=joint)
        before = event, match


def _follows(event: Event, other: Event) -> bool:
    return event.visit is other.visit and event.atom == other.atom + 1


def _is_other_install(event: Event, match: Event | None) -> bool:
    """Whether it installs other packages than its match, so that it may be a new command."""
    names, before = (
        {p.name for x in e.effects for p in x.packages} if e is not None else set() for e in (event, match)
    )
    return bool(names) and names.isdisjoint(before)


def _says_the_same(pair: Pair, event: Event, other: Event) -> bool:
    """Whether the command before one of the old stage says what another does: which of equal ones a new
    command was matched with does not count."""
    beside = (e for e in pair.old.events if e.visit is event.visit and e.atom == event.atom - 1)
    return any(identity(e) == identity(other) for e in beside)


def _operator(event: Event) -> str:
    script = event.visit.script
    operator = script.atoms[event.atom].operator if script.atoms else ""
    return "&&" if operator == ";" and script.errexit else operator


def _option_problems(pair: Pair) -> Iterator[Reason]:
    """Options of RUN: mounts that are missing, and caches that hide what a command makes."""
    for event, match in pair.commands():
        if match is None:
            continue
        before, after = (
            {f.value or "" for f in e.visit.instruction.flags if f.name in ("mount", "network", "security")}
            for e in (match, event)
        )
        for mount in sorted(before - after):
            if event.kinds == {"index"} and mount.startswith("type=cache"):
                continue  # lists of packages are fetched again for a package that is put back
            yield Reason.of("SL409", "mount_gone", mount=mount, command=event.text[:50])
        for mount in sorted(after - before):
            target = re.search(r"(?:target|dst|destination)=([^,]+)", mount)
            made = [w for e in event.effects for w in (*e.writes, *e.outputs)]
            cache = "type=cache" in mount and target is not None
            if not cache or (target is not None and any(_is_at(w, target[1]) for w in made)):
                yield Reason.of("SL409", "mount_hides", mount=mount, command=event.text[:50])


def _is_at(path: str, directory: str) -> bool:
    """Whether a path, or a named place, is at or below a directory."""
    if not is_named_place(path):
        return inside(path, directory)
    return any(re.fullmatch(known.places.get(path, ""), directory) for known in languages())


def _program_problems(pair: Pair) -> Iterator[Reason]:
    """Programs that a command starts, and packages that a build may need, which the stage lacks at that
    point, unlike the old one."""
    old, new = pair.packages
    along = came_along(pair.old.events, pair.old.facts) - base_packages(pair.new.facts)
    along -= came_along(pair.new.events, pair.new.facts)
    off_base = base_packages(pair.old.facts) - base_packages(pair.new.facts)
    without_shell = pair.new.facts is not None and not pair.new.facts.shell and not _same_base(pair)
    made: set[str] = set()  # the names of the files that steps of the new stage made so far
    for event, match in pair.commands():
        if without_shell:
            yield Reason.of("SL409", "no_shell", base=pair.new.reference, command=event.text[:50])
        if match is not None:
            had, have = old.before(match.number), new.before(event.number)
            gone: set[str] = set()
            for program in dict.fromkeys(programs_of(event)):
                lost = package_of_lost(program, pair.old.facts, pair.new.facts)
                sources = providers(program, had, pair.old.facts) or providers(program, along, pair.old.facts)
                sources = sources or frozenset(name for name in had if program in beside(name))
                if sources and not sources & have and program not in made:
                    gone.add(min(sources))
                elif lost is not None and lost not in have and not sources:
                    yield Reason.of("SL409", "tool_missing", command=program, at=f"`{event.text[:50]}`")
            removed = had - have - old.at_end
            if removed and (paths := _system_paths_read(pair, match)):
                owners = data_packages_of(paths) & had
                gone.update(removed & owners if owners else removed)
            compiling = (e for e in event.effects if _may_compile(pair, e))
            if had - have and not all(_is_repeated(pair, event, match, e) for e in compiling):
                facts = ((name, system_package(name, pair.old.facts)) for name in had - have)
                gone.update(name for name, found in facts if found is not None and found.kind == "build")
            wanted = compiled_with(match.effects, match.state.view, pair.old.facts)
            gone.update(off_base.intersection(wanted).difference(have, *map(brings, have)))
            for name in sorted(gone):
                yield Reason.of("SL409", "caller", command=event.text[:50], package=name)
        made |= {w.rpartition("/")[2] for x in event.effects for w in (*x.writes, *x.outputs)}


def _system_paths_read(pair: Pair, event: Event) -> list[str]:
    """The paths of the system that a command reads and no step before it is known to make: they may be those
    of a package which the file removes again."""
    reads = (path for effect in event.effects for path in effect.reads if is_systems(path))
    return [
        path
        for path in reads
        if not content_at(pair.old, path, event.number) and event.state.view.context_path(path) is None
    ]


def _same_base(pair: Pair) -> bool:
    old, new = pair.old.facts, pair.new.facts
    return old is new or (old is not None and new is not None and old.reference == new.reference)


def _package_manager_problems(pair: Pair) -> Iterator[Reason]:
    """apt without lists, or one that would ask although it did not ask before. Without lists it knows the
    packages that are installed, and can remove no others."""
    old, new = _with_lists(pair.old), _with_lists(pair.new)
    (had, have), same = pair.packages, _same_base(pair)
    for event, match in pair.commands():
        own = [e for e in event.effects if e.manager == SystemManager.APT]
        listed = event.number in new or "index" in event.kinds
        missed = not listed and (match is None or not same or match.number in old)
        for effect in own:
            installs = effect.kind == "packages" and bool(effect.packages)
            gone = {p.name for p in effect.packages if effect.kind == "unpackage"} - have.before(event.number)
            lost = gone if match is None or match.number in old else gone & had.before(match.number)
            if (missed and (installs or effect.kind == "system")) or (lost and not listed):
                yield Reason.of("SL409", "lists", command=event.text[:50])
            if installs and effect.asks and (match is None or not same):
                yield Reason.of("SL409", "asks", command=event.text[:50])


def _with_lists(stage: Stage) -> frozenset[int]:
    """The numbers of the events before which apt's package lists are there."""
    found: set[int] = set()
    listed: set[str] = set()
    for event in stage.events:
        if listed:
            found.add(event.number)
        listed |= {c for e in event.effects if e.kind == "index" for c in e.caches}
        deleted = [d.rstrip("*").rstrip("/") for e in event.effects for d in e.deletes]
        listed = {c for c in listed if not any(overlap(c, d) for d in deleted if d)}
    return frozenset(found)


def user_problems(pair: Pair) -> Iterator[Reason]:
    """Accounts that the stage names and that neither a step nor the base image creates."""
    facts = pair.new.facts
    if facts is None:
        return
    known = {*distribution_accounts(), facts.user, *accounts(facts.family), *facts.users}
    for event in pair.new.events:
        unread = event.keyword == "RUN" and not event.effects  # in a shell that is not read
        if (
            unread
            or event.kinds & {"unknown", "packages", "system"}
            or any(_ACCOUNTS in e.writes and not (e.kind == "users" and e.subject) for e in event.effects)
        ):  # it changes the list of accounts, by a name that is not known
            known |= set(re.findall(r"[\w.-]+", event.visit.instruction.value))
        known |= {e.subject for e in event.effects if e.kind == "users"}
        for name in _accounts_named(event):
            if not (name.isdigit() or is_root(name) or name in known):
                yield Reason.of("SL409", "user_missing", user=name, base=pair.new.reference)


_ACCOUNTS = "/etc/passwd"


def _accounts_named(event: Event) -> Iterator[str]:
    texts = [event.visit.instruction.value] if event.keyword == "USER" else []
    texts += [event.copy.parts.chown or ""] if event.copy is not None else []
    for effect in event.effects:
        if effect.kind == "meta" and effect.tool == "chown":
            words = [w.value or "" for w in effect.command.words]
            at = words.index("chown") + 1 if "chown" in words else len(words)  # behind sudo; or in a script
            texts += [w for w in words[at:] if not w.startswith("-")][:1]
    for text in texts:
        name = (expand(text, event.state.known_env) or "").strip().strip("\"'").partition(":")[0]
        if name:
            yield name
