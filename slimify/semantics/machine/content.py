"""What a path of a stage holds: the steps that made it, its owner and mode.

In: a `Stage` and an absolute path or a named place. Out: a `Content`. Rules of COPY as BuildKit follows them:
a directory contributes its content, and its own owner and mode are lost unless the target exists; a link that
is named as a source is followed.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from slimify.facts.system import is_plain_root, on_default_path
from slimify.languages import languages
from slimify.model.dockerfile import Heredoc
from slimify.model.effects import INSTALLS, Action, Effect
from slimify.model.regex import regex
from slimify.model.shell import Word
from slimify.semantics.effects.state import State, fields
from slimify.semantics.machine.stages import Copy, Event, Machine, Origin, Stage
from slimify.semantics.paths import covers, inside, is_named_place, overlap

_ARCHIVE = regex(r"\.(?:tar|tgz|tbz2|txz|tar\.\w+)\Z")


class Content(Struct, frozen=True, kw_only=True):
    """What a path holds. `origins` are the steps that made it, the first one first; the files of the build
    context below a directory are not among them. `owner` is "" for root, None if it is not known."""

    origins: tuple[Origin, ...] = ()
    owner: str | None = ""
    mode: str = ""
    link: bool = False  # a symbolic link
    partial: tuple[Origin, ...] = ()  # those of which only parts of what they made were copied here
    gone: bool = False  # deleted, so that it is not there even if a COPY brought it
    named: bool = False  # a step made this very path, not only a directory above it

    def __bool__(self) -> bool:
        return bool(self.origins)

    @property
    def lost(self) -> bool:
        """Whether what a COPY brought was deleted, also if a command may have made it anew since."""
        made = self.origins if len(self.origins) < _MOST_ORIGINS else ()
        return self.gone or (bool(made) and all(origin.kind == "command" for origin in made))


NOTHING, GONE = Content(), Content(gone=True)
_MOST_ORIGINS = 200  # of one path, the last ones: files with thousands of steps stay linear
_MAKES_TREES = INSTALLS | {"build", "unpack", "app"}


def content_at(stage: Stage, path: str, before: int | None = None) -> Content:
    """What a path holds before an event of the stage, or at its end, apart from the base image."""
    numbers, contents = _history(stage, path)
    at = len(numbers) if before is None else bisect_left(numbers, before)
    return contents[at - 1] if at else NOTHING


def _history(stage: Stage, path: str) -> tuple[list[int], list[Content]]:
    """The events that change what a path holds, and its content after each of them."""
    index = stage.index
    if path not in index.histories:
        numbers: list[int] = []
        contents: list[Content] = []
        found = NOTHING
        for number in sorted(index.touching(path)):
            changed = _after(stage.events[number], path, found)
            if changed is not found:
                numbers.append(number)
                contents.append(changed)
                found = changed
        index.histories[path] = numbers, contents
    return index.histories[path]


def _after(event: Event, path: str, found: Content) -> Content:
    if event.copy is not None:
        return _after_copy(event, event.copy, path, found)
    if event.keyword == "WORKDIR":
        directory = event.visit.directory
        if directory is not None and inside(directory, path) and not found:
            made = Origin("directory", path)
            return Content(origins=(made,), owner=_owner(event.state.user), named=True)
        return found
    for effect in event.effects:
        found = _after_effect(event, effect, path, found)
    return found


def _after_effect(event: Event, effect: Effect, path: str, found: Content) -> Content:
    some = effect.tool == "find" or effect.kind == "prune"  # it deletes only some of what is below
    deletes = effect.deletes if not some else ()
    if any(covers(d, path) for d in deletes) and path not in effect.writes:
        found = GONE
    if effect.kind == "meta":
        return _with_meta(event, effect, path, found) if found else found
    reach = inside if makes_directory(effect) or effect.kind == "users" else overlap  # makes no file below
    written = [w for w in (*effect.writes, *effect.outputs) if reach(w, path)]
    if not written or event.origin is None:
        return found
    owner = found.owner
    if not found or (path in written and not found.named):
        owner = _owner(event.state.user) if effect.kind != "users" else None
    link = effect.action == Action.LINK and path in effect.writes
    origins = found.origins
    if event.origin not in origins:
        origins = (*origins[-_MOST_ORIGINS:], event.origin)
    mode = found.mode
    if path in written and makes_directory(effect):
        mode = next((m[1] for w in _options(effect) if (m := _MODE.fullmatch(w))), mode)
    named = found.named or path in written or makes_directory(effect)
    link = found.link or link
    partial = tuple(o for o in found.partial if o != event.origin)  # what it makes is whole from here on
    return replace(
        found, origins=origins, owner=owner, mode=mode, link=link, partial=partial, named=named, gone=False
    )


def makes_directory(effect: Effect) -> bool:
    """Whether it makes directories, with all those above them that are not there, and no files."""
    return "mkdir" in (effect.tool, effect.action)


_MODE = regex(r"(?:-\w*m|--mode=)([\w+=,]+)")  # an option with its value


def _options(effect: Effect) -> Iterator[str]:
    """The options of a command, and each with the word behind it."""
    words = [w.value or "" for w in effect.command.words]
    for word, after in pairwise((*words, "")):
        yield from (word, word + after) if word.startswith("-") else ()


def _with_meta(event: Event, effect: Effect, path: str, found: Content) -> Content:
    """The content after chown, chgrp or chmod."""
    words = [_value(word, event.state) for word in effect.command.words]
    if not any(
        w == path or (effect.recursive and inside(path, w)) or fnmatchcase(path, w) for w in effect.writes
    ):
        return found
    said = next((w for w in words[1:] if w is None or not re.match(r"-[A-Za-z-]", w)), None)
    if effect.tool == "chmod":
        mode = said if said is not None and effect.tool in words else (event.origin or _NO_ORIGIN).name
        return replace(found, mode=_and_then(found.mode, mode))
    return replace(found, owner=_owner(said) if said is not None and effect.tool in words else None)


def _value(word: Word, state: State) -> str | None:
    """What one word becomes in a shell, None if that is not known."""
    found = fields(word, state)
    return found[0] if found is not None and len(found) == 1 else None


def _and_then(before: str, mode: str) -> str:
    """Modes that follow each other: a number stands for all before it, the same once more changes nothing."""
    if not before or mode.isdigit():
        return mode
    return before if before.rpartition(",")[2] == mode else f"{before},{mode}"


_NO_ORIGIN = Origin("command", "")


def _owner(user: str | None) -> str | None:
    """The name of an owner without its group; "" for root."""
    name = user.partition(":")[0] if user is not None else None
    return "" if name is not None and is_plain_root(name) else name


def _after_copy(event: Event, copy: Copy, path: str, found: Content) -> Content:
    if copy.target is None:
        return found
    owner = _owner(copy.owner)
    if copy.stage is not None:
        return _copied_from_stage(copy, copy.stage, path, found, owner)
    made = _image_origin(copy, path) if copy.image else _context_origin(event, copy, path)
    if made is not None:
        return Content(origins=(made,), owner=owner, mode=copy.parts.chmod or "")
    return found


def _image_origin(copy: Copy, path: str) -> Origin | None:
    """The origin of a path that a COPY brings from an image."""
    at = dict(zip(places_of(copy), copy.sources, strict=True)).get(path)
    return Origin("image", f"{copy.image}:{at}") if at is not None else None


def _context_origin(event: Event, copy: Copy, path: str) -> Origin | None:
    """The origin of a path that a COPY or ADD brings from outside."""
    assert copy.target is not None
    for heredoc in event.visit.instruction.heredocs:
        place = posixpath.join(copy.target, heredoc.name) if copy.into else copy.target
        if path == place:
            return Origin("text", _written(event, heredoc))
    for source in copy.sources:
        if copy.parts.keyword != "ADD" or not overlap(path, copy.target):
            continue
        if "://" in source:
            name = posixpath.basename(source.partition("?")[0])
            place = posixpath.join(copy.target, name) if copy.into else copy.target
            if inside(path, place):
                return Origin("address", source)
        elif _ARCHIVE.search(source):
            return Origin("context", source)
    held = copy.view.context_path(path)
    if held is not None and not copy.view.context.is_dir(held):
        return Origin("context", held)
    return None


def _written(event: Event, heredoc: Heredoc) -> str:
    """A here-document, with the values of the variables that it contains. `<<-` removes leading tabs."""
    body = _TABS.sub("", heredoc.body) if heredoc.chomp else heredoc.body
    names = sorted({*_VARIABLE.findall(heredoc.body)}) if heredoc.expand else ()
    return body + "".join(f"\0{name}={event.state.env.get(name)}" for name in names)


_VARIABLE, _TABS = regex(r"\$\{?(\w+)"), regex(r"(?m)^\t+")


def _copied_from_stage(copy: Copy, stage: Stage, path: str, found: Content, owner: str | None) -> Content:
    for place, source, directory in copied_places(copy):
        if is_named_place(path):
            if place == source and holds_place(stage, path, place):
                inner = content_at(stage, path)
                single = posixpath.basename(posixpath.dirname(place)) == "bin"  # one program
                part = single and (found.partial or not found)
                found = replace(inner, partial=inner.origins if part else ())
            continue
        if inside(path, place):
            inner = content_at(stage, _moved(path, place, source))
            if not inner and path == place and not inner.gone:
                inner = Content(origins=(Origin("image", f"{stage.name}:{source}"),), named=True)
            if not inner:
                continue
            if path == place and directory:  # an existing directory keeps its owner, a new one is root's
                inner = replace(inner, owner=found.owner if found.named else "", mode=found.mode)
            if copy.parts.chown:
                inner = replace(inner, owner=owner)
            return replace(inner, link=inner.link and path != place)
        if inside(place, path):
            inner = content_at(stage, source)
            more = tuple(o for o in inner.origins if o not in found.origins)
            partial = (*found.partial, *more)
            found = replace(found, origins=(*found.origins, *more), partial=partial, gone=False)
    return found


def _moved(path: str, place: str, source: str) -> str:
    """The path in the source of a copied tree that a path below its target comes from."""
    return posixpath.normpath(posixpath.join(source, posixpath.relpath(path, place)))


def copied_places(copy: Copy) -> Iterator[tuple[str, str, bool]]:
    """Target and source of each source of a COPY from a stage, and whether it is a directory."""
    assert copy.stage is not None
    assert copy.target is not None
    for source in copy.sources:
        directory = is_directory(copy.stage, source)
        place = copy.target
        if not directory and copy.into:
            place = posixpath.join(place, posixpath.basename(source))
        yield place, source, directory


def may_bring_files(copy: Copy) -> bool:
    """Whether a COPY may bring a file, and not only the content of directories."""
    if copy.stage is not None:
        return not all(is_directory(copy.stage, source) for source in copy.sources)
    return copy.brings_files


def places_of(copy: Copy) -> tuple[str, ...]:
    """Where the sources of a COPY from a stage or an image arrive. Those of an image count as files."""
    if copy.target is None:
        return ()
    if copy.stage is not None:
        return tuple(place for place, _, _ in copied_places(copy))
    if not copy.into:
        return (copy.target,) * len(copy.sources)
    return tuple(posixpath.join(copy.target, posixpath.basename(source)) for source in copy.sources)


def copied_from_stages(stage: Stage) -> tuple[str, ...]:
    """The paths that a stage copies from others."""
    copies = (event.copy for event in stage.events if event.copy is not None)
    return tuple(place for copy in copies if copy.stage is not None for place in places_of(copy))


def brought_events(machine: Machine) -> tuple[Event, ...]:
    """The commands of other stages that left what the last one copies from them."""
    final = machine.final
    made = {o for p in copied_from_stages(final) for o in content_at(final, p).origins}
    stages = (stage for stage in machine.stages if stage in final.sources)
    return tuple(event for stage in stages for event in stage.own if event.origin in made)


def is_directory(stage: Stage, path: str) -> bool:
    """Whether a path of a stage is a directory, as far as its steps show it."""
    known = stage.index.directories
    if path not in known:
        known[path] = _is_directory(stage, path)
    return known[path]


def _is_directory(stage: Stage, path: str) -> bool:
    if stage.end.view.is_dir(path) or path == "/":
        return True
    for event in stage.events:
        if event.keyword == "WORKDIR" and inside(event.visit.directory or "", path):
            return True
        for effect in event.effects:
            if any(w != path and inside(w, path) for w in (*effect.writes, *effect.outputs)):
                return True
            if path in effect.writes and effect.kind in _MAKES_TREES:
                return True
        if event.copy is not None and event.copy.stage is not None and event.copy.target is not None:
            for place, source, directory in copied_places(event.copy):
                if (place == path and directory) or (place != path and inside(place, path)):
                    return True
                below = place != path and inside(path, place)
                if below and is_directory(event.copy.stage, _moved(path, place, source)):
                    return True
    return False


def exists_in(stage: Stage, path: str) -> bool:
    """Whether a path certainly exists at the end of a stage, as far as its steps show it."""
    content = content_at(stage, path)
    if content or content.gone:
        return not content.gone
    return stage.end.view.context_path(path) is not None or is_directory(stage, path)


def may_come_from_context(stage: Stage, path: str) -> bool:
    """Whether a COPY may bring something to a path from the build context, also of another checkout, that no
    later step deletes."""
    for number in sorted(stage.index.touching(path), reverse=True):
        event = stage.events[number]
        copy = event.copy
        if any(covers(d, path) and path not in e.writes for e in event.effects for d in e.deletes):
            return False
        if copy is not None and copy.stage is not None:
            held = ((p, source) for p, source, _ in copied_places(copy) if inside(path, p))
            if any(may_come_from_context(copy.stage, _moved(path, p, source)) for p, source in held):
                return True
        elif copy is not None and copy.view.may_bring(path):
            return True
    return False


def link_targets(stage: Stage, path: str) -> tuple[str, ...]:
    """What the symbolic link at a path points to."""
    effects = (e for event in reversed(stage.events) for e in event.effects)
    return next((e.reads for e in effects if e.action == Action.LINK and path in e.writes), ())


def holds_place(stage: Stage, name: str, path: str) -> bool:
    """Whether a path of a stage holds all of a named place: the base image has its prefix on PATH."""
    on_path = ((stage.facts.env.get("PATH") if stage.facts is not None else None) or "").split(":")
    for language in languages():
        found = re.fullmatch(language.places.get(name, "(?!)"), path)
        if found is not None:
            programs = f"{found['prefix']}/bin"
            return on_default_path(programs) or programs in on_path
    return False
