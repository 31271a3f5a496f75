"""Rules P1 and P3: what a command of the new file reads is what it read in the old file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.facts.system import is_root, is_shared_directory
from slimify.languages import language, of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import (
    ADDS_FILES,
    INSTALLS,
    LEAVES_NOTHING,
    NOT_FOR_RUN_TIME,
    READS_DIRECTORY,
    Effect,
)
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.stages import Event, Origin
from slimify.semantics.paths import covers, inside, is_glob, is_named_place, join_path, literal_part
from slimify.validation.comparison import Pair

_READS_NO_PACKAGES = NOT_FOR_RUN_TIME | {"install-global"}
_NAME = re.compile(r"(?<!\\)\$\{?([A-Za-z_]\w*)")


def input_problems(pair: Pair) -> Iterator[Reason]:
    """Commands that would read something else, or would not find what they read."""
    for event, match in pair.commands():
        if match is None:
            continue
        # what is missing now may not be read, as in a loop over files
        for path in dict.fromkeys((*_paths_read(pair, event), *_paths_read(pair, match))):
            if _is_lost(pair, event, match, path):
                yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))
        for path in _paths_changed(event):
            if _is_absent(pair, event, match, path):
                yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))
        yield from _early_problems(pair, event, match)
        yield from _absent_directories(pair, event, match)
        yield from _variable_problems(pair, event, match)
        yield from _mode_problems(pair, event, match)
        if not _same_user(event, match) or event.state.shell != match.state.shell:
            yield Reason.of("SL409", "command_state", command=event.text[:50])


def _early_problems(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Commands of a language that come before the packages of that language are copied, and programs of such
    packages that are started without them. Installs of programs by name read no packages."""
    used = {e.ecosystem for e in event.effects if e.ecosystem and e.kind not in _READS_NO_PACKAGES}
    started = {e.ecosystem for e in event.effects if _is_of_package(pair, e)}
    for (ecosystem, path), first in pair.installed.items() if used and pair.last else ():
        if ecosystem not in used or first >= match.number:
            continue
        late = content_at(pair.new, path) or ecosystem in started
        if late and not content_at(pair.new, path, event.number) and content_at(pair.old, path, match.number):
            yield Reason.of("SL409", "input_missing", path=path, at=_shown(event), stage=_name(pair))


def _absent_directories(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Directories that were made by their name for a command that puts files there and does not make them."""
    paths = (w for e in event.effects if e.kind in ADDS_FILES and e.tool != "mkdir" for w in e.writes)
    for path in paths:
        for directory in (path, posixpath.dirname(path)):
            made = content_at(pair.old, directory, match.number)
            if _is_base_path(directory) or not made.named or _is_there(event, directory):
                continue
            if not content_at(pair.new, directory, event.number):
                yield Reason.of("SL409", "input_missing", path=directory, at=_shown(event), stage=_name(pair))


def _is_of_package(pair: Pair, effect: Effect) -> bool:
    """Whether it starts a program that a package of its language brings."""
    known, facts = language(effect.ecosystem), pair.old.facts
    if known is None or "/" in effect.tool or (facts is not None and effect.tool in facts.commands):
        return False
    return effect.tool not in (*known.interpreters, *known.managers, *known.installers)


def _mode_problems(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Files that a command starts by their path, and that have another mode than they had."""
    word = event.effects[0].command.words[:1] if event.effects else ()
    path = join_path(event.effects[0].cwd or "/", word[0].value) if word and word[0].value else None
    if path is None or "/" not in (word[0].value or ""):
        return
    before, after = content_at(pair.old, path, match.number), content_at(pair.new, path, event.number)
    if before and after and before.mode != after.mode:
        mode, other = before.mode or "the default", after.mode or "the default"
        yield Reason.of("SL409", "mode", path=path, before=mode, after=other)


def _same_user(event: Event, match: Event) -> bool:
    one, other = event.state.user, match.state.user
    return one == other or (is_root(one) and is_root(other)) or event.kinds <= LEAVES_NOTHING


def _paths_read(pair: Pair, event: Event) -> tuple[str, ...]:
    paths: dict[str, None] = {}
    made: list[str] = []
    for effect in event.effects:
        for path in _read_by(pair, effect):
            if not is_named_place(path) and not any(inside(path, m) for m in made):
                paths[path] = None
        made += (*effect.writes, *effect.outputs)
    return tuple(paths)


def _paths_changed(event: Event) -> tuple[str, ...]:
    """The paths whose owner or mode a command changes. Their content is compared at the end of the stage."""
    writes = (w for e in event.effects if e.kind == "meta" for w in e.writes)
    return tuple(dict.fromkeys(w for w in writes if not is_named_place(w) and not set(w) & set("*?[")))


def _read_by(pair: Pair, effect: Effect) -> tuple[str, ...]:
    if effect.kind in NOT_FOR_RUN_TIME - LEAVES_NOTHING:
        return ()
    changed = effect.writes if effect.action == "edit" else ()
    place = (effect.cwd,) if effect.cwd and _reads_directory(pair, effect) else ()
    anything = ("/",) if effect.reads_anything else ()
    return (*effect.reads, *effect.manifests, *changed, *place, *anything)


def _reads_directory(pair: Pair, effect: Effect) -> bool:
    """Whether a command may read any file of its working directory. An install does not if it names its
    packages, or if its language knows all that it reads."""
    if effect.kind == "fetch":
        return bool(effect.ecosystem)  # downloads what the project lists
    if effect.kind not in INSTALLS:
        return effect.kind in READS_DIRECTORY and not _is_own_program(pair, effect)
    if effect.packages and not effect.manifests:
        return False
    part = known.install_inputs if (known := of_effect(effect)) is not None else None
    view = pair.old.end.view
    brought = frozenset(view.under(effect.cwd or "/"))
    return part is None or part.install_inputs(pair.program, effect, brought) is None


def _is_lost(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether a path, or what a glob names, held something before the old command that it does not hold
    before the new one."""
    if path == "/":
        return _lost_files(pair, event, match, path)
    if _is_absent(pair, event, match, literal_part(path)):
        return True
    if is_glob(path):
        return _lost_files(pair, event, match, path)
    before = content_at(pair.old, path, match.number).origins
    after = content_at(pair.new, path, event.number).origins
    own = _own_origins(match)
    wanted = [o for o in before if o not in own and o.kind != "directory" and _matters(pair, o)]
    if any(o not in after and not is_downloaded(o, after) for o in wanted):
        return True
    if _is_base_path(path):
        return False
    return _lost_files(pair, event, match, path)


def _is_absent(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether a path was there before the old command, and is not before the new one."""
    before = content_at(pair.old, path, match.number).origins or _is_there(match, path)
    after = content_at(pair.new, path, event.number).origins or _is_there(event, path)
    return bool(before) and not after and not _is_base_path(path)


def _is_own_program(pair: Pair, effect: Effect) -> bool:
    """Whether it starts a program built from the context that opens files by constant names only."""
    named = "files" not in pair.program.runtime_needs.sources.features
    return named and effect.tool.rpartition("/")[2] in pair.outputs


def is_downloaded(origin: Origin, others: tuple[Origin, ...]) -> bool:
    """Whether a command downloads what ADD downloaded."""
    return origin.kind == "address" and any(o.kind == "command" and origin.name in o.name for o in others)


def _own_origins(match: Event) -> frozenset[Origin]:
    return frozenset((match.origin,)) if match.origin is not None else frozenset()


def _is_there(event: Event, path: str) -> bool:
    view = event.state.view
    return view.is_dir(path) or view.context_path(path) is not None


def _is_base_path(path: str) -> bool:
    return path == "/" or is_shared_directory(path)


def _matters(pair: Pair, origin: Origin) -> bool:
    """Whether an origin is more than a cache, a check or an empty directory."""
    return origin.kind != "command" or origin in pair.lasting


def _lost_files(pair: Pair, event: Event, match: Event, path: str) -> bool:
    """Whether files of the build context at or below a path are missing."""
    old, new = match.state.view, event.state.view
    if old.copies == new.copies:
        return False
    manifests = pair.manifests
    return any(
        covers(path, file)
        and old.context_path(file) != new.context_path(file)
        and (file == path or file not in manifests)
        for file in old.under(literal_part(path))
    )


def _variable_problems(pair: Pair, event: Event, match: Event) -> Iterator[Reason]:
    """Variables that a command uses and that have another value or none."""
    used = set(_NAME.findall(event.text))
    if event.kinds & READS_DIRECTORY:
        used |= {name for name, first in pair.declared.items() if first < match.number}
    for name in sorted(used):
        if name not in match.state.env or name == "PATH":
            continue
        before, after = match.state.env[name], event.state.env.get(name)
        if name not in event.state.env or (before is not None and before != after):
            yield Reason.of("SL409", "argument", keyword=_shown(event), name=name)


def _shown(event: Event) -> str:
    return f"`{event.keyword} {event.visit.instruction.value[:40]}`"


def _name(pair: Pair) -> str:
    return "final stage" if pair.last else f"stage {pair.new.name}"
