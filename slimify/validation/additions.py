"""New commands: which ones only prepare, clean up, or add what is compared on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.facts.packages import system_package
from slimify.facts.programs import is_basic, is_binding_option, is_usual_option
from slimify.facts.system import is_root, is_shared_directory, is_systems, manager_settings
from slimify.facts.toolchains import installers, is_development_package
from slimify.languages import Language, languages, of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, Action, Effect
from slimify.semantics.effects.files import entered_by, is_disposable
from slimify.semantics.machine.content import content_at, is_directory, places_of
from slimify.semantics.machine.stages import Copy, Event
from slimify.semantics.paths import inside, inside_any
from slimify.validation.comparison import Pair
from slimify.validation.inputs import matching
from slimify.validation.software import providers

_FOR_ROOT = frozenset({"packages", "unpackage", "users", "meta"})
_HARMLESS = frozenset({"index", "cache", "packages", "unpackage", "prune"})


def addition_problems(pair: Pair) -> Iterator[Reason]:
    """New commands that do more, or that can't run in their stage."""
    for event, match in pair.commands():
        yield from _other_owners(pair, event)
        if match is None and not is_addition(pair, event):
            yield Reason.of("SL409", "command_new", command=event.text[:50])
        elif match is None and event.kinds & _FOR_ROOT and not is_root(event.state.user):
            yield Reason.of("SL409", "command_state", command=event.text[:50])


def is_addition(pair: Pair, event: Event) -> bool:
    """Whether a command only prepares, cleans up, or adds what is compared on its own."""
    return bool(event.effects) and all(
        _is_harmless(pair, event, effect) and _can_run(pair, event, effect) for effect in event.effects
    )


def _is_harmless(pair: Pair, event: Event, effect: Effect) -> bool:
    if effect.kind == "unpackage" and any(
        _is_asked_for(pair, p.name) or _is_of_another_step(pair, event, p.name) for p in effect.packages
    ):
        return False
    if effect.kind in _HARMLESS:
        known = all(_may_be_deleted(pair, event, d) for d in effect.deletes)
        known = _prunes_an_install(pair, effect) if effect.kind == "prune" else known
        return known and _options_are_known(pair, effect)
    if effect.kind == "state":
        return effect.tool != "cd" or _directory_exists(pair, event, effect)
    if effect.kind == "source":
        return effect.action == Action.WRITE or bool(effect.deletes)
    if effect.kind == "users":
        return bool(pair.user)
    if effect.kind == "meta":
        return _changes_known_paths(pair, event, effect)
    if effect.kind == "files":
        made = effect.tool in ("mkdir", "install") and not effect.writes_anywhere
        plain = made and _options_are_known(pair, effect)
        writes = effect.writes or effect.outputs or effect.writes_anywhere
        return plain or (not writes and all(_may_be_deleted(pair, event, d) for d in effect.deletes))
    if effect.kind == "install":
        return _is_known_install(pair, event, effect)
    return effect.kind == "fetch" and _downloads_what_add_did(pair, event)


def _prunes_an_install(pair: Pair, effect: Effect) -> bool:
    """Whether packages were installed in the directory in which they are pruned, in this stage or in one from
    which it copies."""
    effects = (e for stage in (pair.old, *pair.old.sources) for e in stage.effects)
    return any(e.does("install", effect.ecosystem) and e.cwd == effect.cwd for e in effects)


def _is_asked_for(pair: Pair, name: str) -> bool:
    """Whether the old file installs a system package by its name, and not to build."""
    facts = system_package(name, pair.old.facts)
    asked = any(p.name == name for e in pair.old.effects if e.kind == "packages" for p in e.packages)
    return asked and (facts is None or facts.kind == "run")


def _is_of_another_step(pair: Pair, event: Event, name: str) -> bool:
    """Whether only another RUN of the new stage installs a system package by its name, and not to build."""
    facts = system_package(name, pair.old.facts)
    if facts is not None and facts.kind == "build":
        return False
    installs = [e for e in pair.new.events if any(p.name == name for x in e.effects for p in x.packages)]
    made = [e for e in installs if "packages" in e.kinds]
    return bool(made) and all(e.visit.index != event.visit.index for e in made)


def _changes_known_paths(pair: Pair, event: Event, effect: Effect) -> bool:
    """Whether chown or chmod names single paths that are certain to be there, none of them the system's."""
    names = [matching(pair.new, event, path) for path in effect.writes]
    return not effect.writes_anywhere and all(
        any(_is_certain(pair, event, name) for name in found)
        and not any(is_systems(name) and is_shared_directory(name) for name in found)
        for found in names or [[]]
    )


def _is_certain(pair: Pair, event: Event, path: str) -> bool:
    """Whether a step before a command made this very path. What a step may make anywhere is not certain."""
    content, view = content_at(pair.new, path, event.number), event.state.view
    copies = (e.copy for e in pair.new.events[: event.number] if e.copy is not None)
    brought = content.named or any(path in places_of(copy) for copy in copies)
    return brought or view.is_dir(path) or view.context_path(path) is not None


def _options_are_known(pair: Pair, effect: Effect) -> bool:
    """Whether each long option is a usual one, or one that the old file gives to the same program."""
    options = (w.value or "" for w in effect.command.words[1:])
    words = (w.value or "" for e in pair.old.effects if e.tool == effect.tool for w in e.command.words)
    given = {word.partition("=")[0] for word in words}
    return all(is_usual_option(w) or w.partition("=")[0] in given for w in options if w.startswith("--"))


def _packages_follow(pair: Pair, event: Event, known: Language) -> bool:
    """Whether a later COPY brings the packages of a language from another stage."""
    places = [re.compile(p) for p in known.places.values()]
    later = (e.copy for e in pair.new.events[event.number :] if e.copy is not None)
    targets = (copy.target for copy in later if copy.stage is not None and copy.target is not None)
    return any(place.fullmatch(target) for target in targets for place in places)


def _may_be_deleted(pair: Pair, event: Event, path: str) -> bool:
    """Whether deleting a path, or what a pattern names, takes nothing that the image had before."""
    if any(_replaces(e.copy, path) for e in pair.new.events[event.number :] if e.copy is not None):
        return True
    if is_disposable(path, event.state.home) or inside_any(path, manager_settings()):
        return True
    caches = [
        c for e in pair.old.effects for c in e.caches if e.kind == "build" or not inside_any(c, e.writes)
    ]
    if inside_any(path.rstrip("/*"), caches):
        return True
    known = {directory for one in languages() for directory in one.install_directories}
    return not is_systems(path) and path.rpartition("/")[2] in known


def _replaces(copy: Copy, path: str) -> bool:
    """Whether a COPY brings a path as a whole, by its name or in a directory around it."""
    if copy.target == path:
        return True
    if copy.stage is None or copy.target is None or copy.sources != (copy.target,):
        return False
    names = (n for one in languages() for n, place in one.places.items() if re.fullmatch(place, path))
    stage = copy.stage
    return inside(path, copy.target) and any(content_at(stage, name) for name in (path, *names))


def _directory_exists(pair: Pair, event: Event, effect: Effect) -> bool:
    path = entered_by(effect)
    return path is not None and (content_at(pair.new, path).named or is_directory(pair.new, path))


def _is_known_install(pair: Pair, event: Event, effect: Effect) -> bool:
    """An install that makes an environment, drops development dependencies, or removes installers: those that
    nothing imports, or all if the packages of the builder are copied later."""
    known = of_effect(effect)
    if known is None:
        return False
    if effect.action == Action.UNINSTALL:
        names = {p.name.lower() for p in effect.packages}
        used = {use.name.lower() for use in pair.program.runtime_needs.sources.imports}
        if all(is_development_package(known, name) for name in names):
            return True  # `development_problems` compares who needs them
        own = installers(known)
        tools = {*known.installers, *(own.commands if own is not None else ())}
        return bool(names & (tools if _packages_follow(pair, event, known) else tools - used))
    if effect.action in known.prepares:
        return True
    before = (e for e in pair.old.effects if e.kind == "install" and e.manager == effect.manager and e.dev)
    same = [e for e in before if set(effect.writes) <= set(e.writes)]
    return not effect.packages and not effect.dev and any(_binding(e) <= _binding(effect) for e in same)


def _binding(effect: Effect) -> set[str | None]:
    """The options of an install that say what it takes."""
    return {word.value for word in effect.command.words if is_binding_option(word.value)}


def _downloads_what_add_did(pair: Pair, event: Event) -> bool:
    copies = (e.copy for e in pair.old.events if e.copy is not None)
    urls = [source for copy in copies for source in copy.sources if "://" in source]
    return any(url in event.text for url in urls)


def _can_run(pair: Pair, event: Event, effect: Effect) -> bool:
    """Whether the stage has the program: of its base image, of its language, or made by a step before."""
    facts = pair.new.facts
    if facts is None or is_basic(effect.tool) or effect.kind in ("state", "source", "users"):
        return True
    if not effect.ecosystem:
        return not effect.manager or not facts.manager or effect.manager == facts.manager
    if effect.tool in facts.commands:
        return True
    installed = frozenset(p.name for e in pair.new.effects if e.kind == "packages" for p in e.packages)
    gone = installed - pair.packages[1].before(event.number)
    return not providers(effect.tool, gone, facts) and any(
        effect.tool in {e.tool, *e.tools, *(p.name for p in e.packages)}
        or (e.ecosystem == effect.ecosystem and effect.kind != "cache")
        for other in pair.new.events
        if other.number < event.number
        for e in other.effects
        if e.kind in INSTALLS or e.kind in ("packages", "build")
    )


def _other_owners(pair: Pair, event: Event) -> Iterator[Reason]:
    """Owners of empty directories, and those that commands set by number, that are not the account that the
    plan adds."""
    user = pair.user.partition(":")[0] if pair.last else ""
    if not user:
        return
    for path in (w for e in event.effects if e.tool == "mkdir" for w in e.writes):
        content, view = content_at(pair.new, path), pair.new.end.view
        empty = set(content.origins) <= {event.origin} and not view.under(path)
        if empty and content.owner == "" and not is_systems(path):
            yield Reason.of("SL409", "owner", path=path, before=user, after="root")
    for path in (w for e in event.effects if e.kind == "meta" for w in e.writes):
        owner = content_at(pair.new, path).owner
        if owner is not None and owner.isdigit() and owner != user:
            yield Reason.of("SL409", "owner", path=path, before=user, after=owner)
