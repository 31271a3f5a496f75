"""Rules P1 and P3: what a command of the new file reads is what it read in the old file."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from slimify.facts.commands import readers_of
from slimify.facts.settings import toolchain_settings
from slimify.facts.system import is_root, is_shared_directory
from slimify.languages import language, of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import (
    ADDS_FILES,
    INSTALLS,
    LEAVES_NOTHING,
    NOT_FOR_RUN_TIME,
    READS_DIRECTORY,
    Action,
    Effect,
)
from slimify.model.regex import regex
from slimify.semantics.effects.files import entered_by
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.stages import Event, Origin, Stage
from slimify.semantics.paths import covers, inside_any, is_glob, is_named_place, join_path, literal_part
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs
from slimify.validation.comparison import Pair

_READS_NO_PACKAGES = NOT_FOR_RUN_TIME | {"install-global"}
_NAME = regex(r"(?<!\\)\$\{?([A-Za-z_]\w*)")
_PARENTS = regex(r"-\w*p\w*|--parents")
_FORCE = regex(r"-\w*f\w*|--force")


def input_problems(pair: Pair) -> Iterator[Reason]:
    """Commands that would read something else, would not find what they read, or find what they make."""
    yield from _given_problems(pair)
    for event, match in pair.commands():
        for path in _blocking(pair, event, match):
            yield Reason.of("SL409", "exists", command=event.text[:50], path=path)
        if match is None:
            continue
        for path, whole in _paths_needed(pair, event, match).items():
            if (_is_lost if whole else _is_absent)(pair, event, match, path):
                yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))
        for path in _read_elsewhere(pair, event, match):
            yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))
        for path in _ignored_caches(pair, event, match):
            yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))
        yield from _variable_problems(pair, event, match)
        yield from _mode_problems(pair, event, match)
        changed = is_reordered(match.state.get("PATH") or "", event.state.get("PATH") or "")
        changed = changed or not _settings_before(pair.old, match) <= _settings_before(pair.new, event)
        if changed or not _same_user(event, match) or event.state.shell != match.state.shell:
            yield Reason.of("SL409", "command_state", command=event.text[:50])


def _blocking(pair: Pair, event: Event, match: Event | None) -> Iterator[str]:
    """Directories and links that a command makes, which fails if they are there, and files that it changes
    although another stage has done so: what was not there, or not changed, before."""
    for effect in event.effects:
        words = [w.text for w in effect.command.words]
        careless = _PARENTS if effect.tool == "mkdir" else _FORCE
        makes = effect.tool == "mkdir" or effect.action == Action.LINK
        makes = makes and not any(careless.fullmatch(word) for word in words)
        adds = effect.action == "edit" or any(r.op == ">>" for r in effect.command.redirects)
        for path in effect.writes if makes or adds else ():
            before = match is not None and is_there(pair.old, match, path)
            again = event.origin in content_at(pair.new, path, event.number).origins
            if again if adds else is_there(pair.new, event, path) and not before:
                yield path


def _read_elsewhere(pair: Pair, event: Event, match: Event) -> Iterator[str]:
    """What a command read that it looks for in another directory now, as one behind `cd` does."""
    if [e.cwd for e in event.effects] == [e.cwd for e in match.effects]:
        return
    found = {*_paths_read(pair, event)}
    yield from (p for p in _paths_read(pair, match) if p not in found and is_there(pair.old, match, p))


def _ignored_caches(pair: Pair, event: Event, match: Event) -> Iterator[str]:
    """Caches that a COPY brings from elsewhere, and that a command does not read any more."""
    caches, left = ([c for e in x.effects for c in e.caches] for x in (match, event))
    brought = [path for number, path in pair.brought if number < match.number]
    yield from (cache for cache in sorted({*caches} - {*left}) if inside_any(cache, brought))


def _paths_needed(pair: Pair, event: Event, match: Event) -> dict[str, bool]:
    """The paths that have to be there for a command, each with whether all that they held has to be, too."""
    # what is missing now may not be read, as in a loop over files
    needed = dict.fromkeys((*_paths_read(pair, event), *_paths_read(pair, match)), True)
    for effect in event.effects:
        if effect.kind == "meta":  # the content of what is changed is compared at the end of the stage
            needed |= {w: False for w in effect.writes if not is_named_place(w) and w not in needed}
        elif effect.kind in ADDS_FILES and effect.tool != "mkdir":
            places = (p for w in effect.writes for p in (w, posixpath.dirname(w)) if p not in needed)
            needed |= {p: False for p in places if content_at(pair.old, p, match.number).named}
    if (entered := _entered(pair.new, event)) is not None:
        needed.setdefault(entered, False)
    return needed | dict.fromkeys(_installs_needed(pair, event, match), False)


def _entered(stage: Stage, event: Event) -> str | None:
    """The directory to which a command changes."""
    place = next(filter(None, map(entered_by, event.effects)), None)
    if place is not None:
        return place
    later = stage.events[event.number + 1 : event.number + 2]
    cwd = next((x.cwd for e in later if e.visit.index == event.visit.index for x in e.effects), None)
    return cwd if event.effects and event.effects[-1].cwd != cwd else None


def _installs_needed(pair: Pair, event: Event, match: Event) -> Iterator[str]:
    """Where the packages are that a command of their language comes after, if the image has them at all or a
    program of such a package is started. Installs of programs by name read no packages."""
    own = (e for e in event.effects if e.ecosystem and e.kind not in _READS_NO_PACKAGES)
    used = {e.ecosystem for e in own} if pair.last else ()
    started = {e.ecosystem for e in event.effects if _is_of_package(pair, e)}
    for (ecosystem, path), first in pair.installed.items() if used else ():
        if (
            ecosystem in used
            and first < match.number
            and (ecosystem in started or content_at(pair.new, path))
        ):
            yield path


def _is_of_package(pair: Pair, effect: Effect) -> bool:
    """Whether it starts a program that a package of its language brings."""
    known, facts = language(effect.ecosystem), pair.old.facts
    if known is None or "/" in effect.tool or (facts is not None and effect.tool in facts.commands):
        return False
    return effect.tool not in (*known.interpreters, *known.managers, *known.installers)


def _paths_read(pair: Pair, event: Event) -> Iterator[str]:
    made: list[str] = []
    for effect in event.effects:
        for path in paths_read_by(pair, effect):
            if not is_named_place(path) and not inside_any(path, made):
                yield path
        made += (*effect.writes, *effect.outputs)


def paths_read_by(pair: Pair, effect: Effect) -> tuple[str, ...]:
    """The places that a command may read."""
    if effect.kind in NOT_FOR_RUN_TIME - LEAVES_NOTHING:
        return ()
    changed = effect.writes if effect.action == Action.EDIT else ()
    place = (effect.cwd,) if effect.cwd and _reads_directory(pair, effect) else ()
    anything = ("/",) if effect.reads_anything else ()
    return (*effect.reads, *effect.manifests, *changed, *place, *anything)


def _reads_directory(pair: Pair, effect: Effect) -> bool:
    """Whether a command may read any file of its working directory. An install does not if it names its
    packages, or if its language knows all that it reads."""
    if effect.kind == "fetch":
        return bool(effect.ecosystem)  # downloads what the project lists
    if effect.kind not in INSTALLS:
        named = not pair.program.runtime_needs.sources.opens_unknown
        built = (posixpath.basename(o) for e in pair.old.effects for o in e.outputs)
        own = named and posixpath.basename(effect.tool) in built
        return effect.kind in READS_DIRECTORY and not own
    if effect.packages and not effect.manifests:
        return False
    part = known.install_inputs if (known := of_effect(effect)) is not None else None
    brought = frozenset(pair.old.end.view.under(effect.cwd or "/"))
    return part is None or part.install_inputs(pair.program, effect, brought) is None


def _is_lost(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether a path, or what a glob names, held something before the old command that it does not hold
    before the new one."""
    if _is_absent(pair, event, match, literal_part(path)):
        return True
    if path == "/" or is_glob(path):
        return _lost_files(pair, event, match, path)
    before = content_at(pair.old, path, match.number).origins
    after = content_at(pair.new, path, event.number).origins
    wanted = (o for o in before if o != match.origin and o.kind != "directory" and o not in pair.idle)
    gone = (o for o in wanted if o not in after and not is_downloaded(o, after))
    if not all(_is_for_others(pair, event, origin) for origin in gone):
        return True
    return _lost_files(pair, event, match, path)


def _is_for_others(pair: Pair, event: Event, origin: Origin) -> bool:
    """Whether what a command leaves is settings that only programs read which this one is not."""
    own = (x for e in pair.old.events if e.origin == origin for x in e.effects)
    readers = [readers_of(path, pair.program.language) for x in own for path in (*x.writes, *x.outputs)]
    tools = {effect.tool for effect in event.effects}
    return bool(readers) and all(known and tools.isdisjoint(known) for known in readers)


def _is_absent(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether a path, or all that a pattern names, was there before the old command, and is not before the
    new one."""
    if _is_base_path(path):
        return False
    there = [name for name in matching(pair.old, match, path) if is_there(pair.old, match, name)]
    return bool(there) and not any(is_there(pair.new, event, name) for name in there)


def is_there(stage: Stage, event: Event, path: str) -> bool:
    """Whether a path is known to be there before a command."""
    view = event.state.view
    return (
        bool(content_at(stage, path, event.number))
        or view.is_dir(path)
        or view.context_path(path) is not None
    )


def matching(stage: Stage, event: Event, pattern: str) -> list[str]:
    """The paths that a pattern is known to name before a command; a path itself."""
    if not is_glob(pattern):
        return [pattern]
    made = (p for e in stage.events[: event.number] for x in e.effects for p in (*x.writes, *x.outputs))
    known = (*event.state.view.under(literal_part(pattern)), *made)
    return [path for path in dict.fromkeys(known) if covers(pattern, path)]


def is_downloaded(origin: Origin, others: tuple[Origin, ...]) -> bool:
    """Whether a command downloads what ADD downloaded."""
    return origin.kind == "address" and any(o.kind == "command" and origin.name in o.name for o in others)


def _is_base_path(path: str) -> bool:
    return path == "/" or is_shared_directory(path)


def _lost_files(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether files of the build context at or below a path are missing."""
    old, new = match.state.view, event.state.view
    return old.copies != new.copies and any(
        covers(path, file)
        and old.context_path(file) != new.context_path(file)
        and (file == path or file not in pair.manifests)
        and not content_at(pair.old, file, match.number).lost
        for file in old.under(literal_part(path))
    )


def _mode_problems(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Files that a command starts by their path, and that have another mode than they had."""
    word = (
        event.effects[0].command.words[0].value if event.effects and event.effects[0].command.words else None
    )
    path = join_path(event.effects[0].cwd or "/", word) if word and "/" in word else None
    if path is None:
        return
    before, after = content_at(pair.old, path, match.number), content_at(pair.new, path, event.number)
    if before and after and before.mode != after.mode:
        mode, other = before.mode or "the default", after.mode or "the default"
        yield Reason.of("SL409", "mode", path=path, before=mode, after=other)


def is_reordered(before: str, after: str) -> bool:
    """Whether directories of two PATHs are in another order: a program of one is found before that of the
    same name in another."""
    one, other = (dict.fromkeys(path.split(":")) for path in (before, after))
    return [d for d in one if d in other] != [d for d in other if d in one]


def _settings_before(stage: Stage, event: Event) -> frozenset[str]:
    """What commands before one in its RUN set in the shell, apart from the directory and variables."""
    if event.kinds <= NOT_FOR_RUN_TIME:
        return frozenset()
    numbers = stage.shell_settings
    own = numbers[bisect_left(numbers, event.number - event.atom) : bisect_left(numbers, event.number)]
    return frozenset(stage.events[number].text for number in own)


def _same_user(event: Event, match: Event) -> bool:
    one, other = event.state.user, match.state.user
    return one == other or (is_root(one) and is_root(other)) or event.kinds <= LEAVES_NOTHING


def _variable_problems(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Variables that a command uses and that have another value or none."""
    used = set(_NAME.findall(event.text))
    if event.kinds & READS_DIRECTORY:
        given = pair.old.facts.env if pair.old.facts is not None else {}
        used |= {name for name, value in match.state.env.items() if given.get(name, _NAME) != value}
    for name in sorted(used):
        if name not in match.state.env or name == "PATH":
            continue
        before, after = match.state.env[name], event.state.env.get(name)
        if name not in event.state.env or (before is not None and before != after):
            yield Reason.of("SL409", "argument", keyword=_shown(event), name=name)


def _given_problems(pair: Pair) -> Iterator[Reason]:
    """Variables whose values build arguments decide: nobody knows these, so what the file says of them is
    compared."""
    old, new = _given(pair.old), _given(pair.new)
    arguments = {name for name, said in old.items() if any(keyword == "ARG" for _, keyword, _ in said)}
    for name in sorted(n for n in old if not arguments.isdisjoint(_values_of(n, old))):
        before, after = _as_written(name, old), _as_written(name, new)
        moved = not after and name in toolchain_settings()
        same = after == (before if pair.last else before[: len(after)])
        if not same and not moved:
            one, other = (repr([f"{keyword} {text}" for keyword, text in x]) for x in (before, after))
            yield Reason.of("SL409", "env_changes", name=name, before=one, after=other)


def _given(stage: Stage) -> dict[str, list[tuple[int, str, str]]]:
    """What ENV and ARG of a stage say of each variable: the event, the keyword and the text, in order."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for event in stage.events:
        if event.keyword in ("ENV", "ARG"):
            names = env_pairs if event.keyword == "ENV" else arg_names
            for name, text in names(event.visit.instruction):
                found.setdefault(name, []).append((event.number, event.keyword, f"{name}={text or ''}"))
    return found


def _values_of(name: str, given: Mapping[str, list[tuple[int, str, str]]]) -> frozenset[str]:
    """The variables in the values that ENV gives a variable."""
    texts = (text for _, keyword, text in given.get(name, ()) if keyword == "ENV")
    return frozenset(used for text in texts for used in _NAME.findall(text))


def _as_written(name: str, given: Mapping[str, list[tuple[int, str, str]]]) -> list[tuple[str, str]]:
    """What is said of a variable and of those in its values, in order."""
    said = sorted(x for n in {name, *_values_of(name, given)} for x in given.get(n, ()))
    # an argument is declared again in a stage that is built on the one that declares it
    first = {(keyword, text): number for number, keyword, text in reversed(said)}
    return [(k, text) for number, k, text in said if k == "ENV" or first[k, text] == number]


def _shown(event: Event) -> str:
    return f"`{event.keyword} {event.visit.instruction.value[:40]}`"


def _name(pair: Pair) -> str:
    return "final stage" if pair.last else f"stage {pair.new.name}"
