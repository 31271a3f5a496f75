"""The new image holds what the old one held, except for what a closed world allows to go.

For each step of the old file, what it left in the image is looked up in the new image: the same steps have to
have made it, for the same owner, with the same mode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from slimify.facts.language_files import files_of
from slimify.facts.programs import is_plain_check, sets_attributes
from slimify.facts.system import (
    default_path,
    in_transient_tree,
    is_plain_root,
    is_shared_directory,
    is_systems,
)
from slimify.languages import installed_directories, prepares_install
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, NOT_FOR_RUN_TIME, Effect
from slimify.semantics.machine.content import (
    content_at,
    exists_in,
    is_directory,
    link_targets,
    makes_directory,
    may_come_from_context,
    places_of,
)
from slimify.semantics.machine.stages import Copy, Event, Origin, Stage, paths_touched
from slimify.semantics.paths import ancestors, covers, deepest, is_glob, is_named_place, literal_part, overlap
from slimify.validation.closed_worlds import is_unused_copy, may_go
from slimify.validation.comparison import Comparison
from slimify.validation.inputs import is_downloaded

_WITHOUT_FILES = NOT_FOR_RUN_TIME | {"packages", "unpackage", "meta"}
_ANY = "\N{HORIZONTAL ELLIPSIS}"  # what is in a directory, whatever its name


def result_problems(compared: Comparison, roots: Sequence[str]) -> Iterator[Reason]:
    """What the new image lacks, or holds differently. `roots` are the paths that run time names."""
    new, kept = compared.new.final, dict[str, None]()
    for event in compared.old.final.events:
        gone = None
        if event.keyword == "WORKDIR" and event.visit.directory is not None:
            kept[event.visit.directory] = None
        if event.copy is not None and event.copy.stage is None:
            kept |= dict.fromkeys(_files_copied(event, event.copy))
        if event.copy is not None and (event.copy.stage is not None or event.copy.image):
            yield from _lost_copies(compared, event.copy)
            kept |= dict.fromkeys(places_of(event.copy))
        for effect in event.effects:
            if effect.kind == "meta":
                kept |= dict.fromkeys(effect.writes)
                kept |= dict.fromkeys(f"{w}/{_ANY}" for w in effect.writes if effect.recursive)
                gone = gone or not all(_is_set_again(compared, effect, path) for path in effect.writes)
            if _has_no_paths(effect):
                gone = gone or not _is_executed(new, event)
                continue
            gone = gone or _is_lost_check(compared, event, effect)
            if _is_undeleted(compared, event, effect):
                yield Reason.of("SL409", "undeleted", command=event.text[:50])
            for path in (*effect.outputs, *effect.writes) if effect.kind not in _WITHOUT_FILES else ():
                lost = _is_lost(compared, event, path)
                if lost is False:
                    inner = (path, f"{path}/{_ANY}")
                    kept |= dict.fromkeys(ancestors(path) if makes_directory(effect) else inner)
                elif lost and not (
                    _is_installed_elsewhere(compared, event, effect) or may_go(compared, effect, path, roots)
                ):
                    yield Reason.of("SL409", "result_missing", path=path, command=event.text[:50])
        if gone:
            yield Reason.of("SL409", "command_gone", command=event.text[:50])
    yield from _base_directories(compared)
    yield from _hidden_copies(compared)
    added = [e for e, match in compared.pairs[-1].commands() if match is None]
    changed = {w for event in added for e in event.effects if e.kind == "meta" for w in e.writes}
    for path in dict.fromkeys((*kept, *sorted(changed))):
        if not is_named_place(path) and not is_glob(path):
            yield from _attribute_problems(compared, path, said=path in changed)


def _is_set_again(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether a path whose owner or mode a command sets is known from what makes it, or the new file sets it
    as well: those of packages and of the base are known by that command alone."""
    old, new = compared.old.final, compared.new.final
    near = (old.events[number] for number in old.index.touching(path))
    makers = (e for e in near if not e.kinds or e.kinds - {"meta", "cache"})
    made = any(overlap(path, p) for e in makers for p in paths_touched(e))
    if is_glob(path) or is_named_place(path) or made:
        return True
    value = _operand(effect)
    return any(e.kind == "meta" and path in e.writes and _operand(e) == value for e in new.effects)


def _operand(effect: Effect) -> str:
    """The owner or mode that a command sets."""
    return next((w.text for w in effect.command.words[1:] if not w.text.startswith("-")), "")


def _base_directories(compared: Comparison) -> Iterator[Reason]:
    """Directories of the old base image: those that the new one lacks and that run time names, or creates
    files in, and of those in which the old one lets everybody write also the working directory, where another
    account than root may create files."""
    old, new = compared.old.final, compared.new.final
    if old.facts is None or old.reference == new.reference:
        return
    known, needs, cwd = files_of(old.facts.language).open, compared.needs, old.end.cwd or "/"
    named = {*needs.paths, *(use.name for use in needs.sources.paths)}
    found: set[str | None] = {*(old.end.view.base - new.end.view.base) & needs.directories.keys()}
    found |= {deepest(known, path) for path in named if not content_at(old, path)}
    if cwd in known and needs.sources.may_write_beside and not compared.only_root:
        found.add(cwd)
    for path in sorted(d for d in found if d):
        made, user = content_at(new, path), new.end.user
        owned = not is_plain_root(user) and made.owner == user.partition(":")[0]
        if not new.end.view.is_dir(path):
            yield Reason.of("SL409", "directory_missing", path=path, base=old.reference)
        elif path in known and not (compared.only_root or owned or re.fullmatch(r"1?777", made.mode)):
            yield Reason.of("SL409", "mode", path=path, before="1777", after=made.mode or "the default")


def _hidden_copies(compared: Comparison) -> Iterator[Reason]:
    """What a COPY brings from the builder, if one behind it may bring the same from the build context of
    another checkout, and the old file made it anew after all of these."""
    old, new = compared.old.final, compared.new.final
    for event in new.events:
        copied = event.copy is not None and event.copy.stage is not None
        for place in places_of(event.copy) if copied and event.copy is not None else ():
            made = [e.number for e in old.events if _makes(e, place)]
            hidden = made and _may_be_brought(new, place, event.number)
            if hidden and not _may_be_brought(old, place, made[-1]):
                yield Reason.of("SL409", "hidden", path=place)


def _makes(event: Event, place: str) -> bool:
    return any(place in (*e.writes, *e.outputs) for e in event.effects if e.kind in BUILDS)


def _may_be_brought(stage: Stage, place: str, number: int) -> bool:
    """Whether a COPY of the build context behind an event may bring a path."""
    copies = (e.copy for e in stage.events[number + 1 :] if e.copy is not None)
    return any(c.stage is None and not c.image and c.view.may_bring(place) for c in copies)


def _is_lost_check(compared: Comparison, event: Event, effect: Effect) -> bool:
    """Whether it is a test or a linter, which stops the build, and no stage has it."""
    if effect.kind != "check" or event.kinds != {"check"} or is_plain_check(effect.tool):
        return False
    return not any(_is_executed(stage, event) for stage in compared.new.stages)


def _has_no_paths(effect: Effect) -> bool:
    """Whether what it leaves can't be looked up by paths or names: settings of the system, or system packages
    that it does not name."""
    if effect.kind == "packages":
        return not effect.packages
    if effect.kind == "system" and sets_attributes(effect.tool):
        return False  # a COPY of the file keeps them
    return (
        effect.kind in ("unknown", "users", "system") or (effect.writes_anywhere and not effect.writes)
    ) and effect.kind not in _WITHOUT_FILES


def _is_undeleted(compared: Comparison, event: Event, effect: Effect) -> bool:
    """Whether files of the base image, of system packages or of the build context are left that the old image
    had deleted by their names."""
    old, new = compared.old.final, compared.new.final
    deleted = [
        path
        for path in (effect.deletes if effect.kind in ("files", "build") else ())
        if not installed_directories() & set(path.split("/"))
    ]
    return any(
        not is_glob(path)
        and not content_at(old, path, event.number)
        and content_at(old, path).gone
        and not content_at(new, path).gone
        and _may_have(compared, path)
        for path in deleted
    ) or any(
        may_come_from_context(new, file)
        and not may_come_from_context(old, file)
        and not content_at(old, file, event.number).named  # no earlier step made it
        for path in deleted
        for file in ((path,) if not is_glob(path) else _files_named(old, path))
    )


def _files_named(stage: Stage, glob: str) -> Iterator[str]:
    """The files of the build context that a glob names."""
    return (file for file in stage.end.view.under(literal_part(glob)) if covers(glob, file))


def _may_have(compared: Comparison, path: str) -> bool:
    """Whether the new image may have a file that no step of the old file made: both build on the same image,
    or it lies where system packages put files."""
    old, new = compared.old.final, compared.new.final
    return old.reference == new.reference or (is_systems(path) and new.facts is not None and new.facts.shell)


def _lost_copies(compared: Comparison, copy: Copy) -> Iterator[Reason]:
    """What a COPY from another stage or an image of the old file brings, and the new image lacks."""
    for place in places_of(copy):
        before, after = content_at(compared.old.final, place), content_at(compared.new.final, place)
        lost = [o for o in before.origins if o not in after.origins and _counts(compared, o)]
        lost += [o for o in after.partial if o in before.origins and o not in before.partial]
        if lost and not is_unused_copy(compared, copy, place):
            yield Reason.of("SL409", "result_missing", path=place, command=f"COPY {copy.parts.sources[0]}")


_SAMPLE = 20  # files of one COPY whose owner and mode are compared


def _files_copied(event: Event, copy: Copy) -> list[str]:
    """Some of the files that a COPY from outside brings."""
    places = [item.target for item in copy.view.copies if not item.directory]
    for item in copy.view.copies:
        places += copy.view.under(item.target)[:_SAMPLE] if item.directory else ()
    if event.visit.instruction.heredocs and copy.target is not None and not copy.into:
        places.append(copy.target)
    return places[:_SAMPLE]


def _is_executed(stage: Stage, event: Event) -> bool:
    return any(e.origin == event.origin for e in stage.events)


def _is_lost(compared: Comparison, event: Event, path: str) -> bool | None:
    """Whether the new image lacks something that a command left at a path; None if nothing of it was there
    at the end."""
    before, after = content_at(compared.old.final, path), content_at(compared.new.final, path)
    if event.origin is None or event.origin not in before.origins or is_glob(path):
        return None
    lost = [o for o in before.origins if o not in after.origins and _counts(compared, o)]
    lost = [o for o in lost if o.kind != "command" or o == event.origin]  # others have their own turn
    narrowed = event.origin in after.partial and event.origin not in before.partial and path != "/"
    absent = not after and not is_named_place(path) and not exists_in(compared.new.final, path)
    return any(not is_downloaded(o, after.origins) for o in lost) or narrowed or absent


def _counts(compared: Comparison, origin: Origin) -> bool:
    """Whether an origin is more than a removal of development dependencies or caches."""
    return origin not in compared.idle


def _is_installed_elsewhere(compared: Comparison, event: Event, effect: Effect) -> bool:
    """Whether the same command installs into another place of the new file, and all of it is in the
    image."""
    for stage in compared.new.stages:
        for other in (e for e in stage.events if e.origin == event.origin):
            same = (e for e in other.effects if e.kind == effect.kind and e.writes != effect.writes)
            moved = [w for e in same for w in e.writes]
            if moved and all(_is_usable(compared, stage, event, w) for w in moved):
                return True
    return False


def _is_usable(compared: Comparison, stage: Stage, event: Event, place: str) -> bool:
    """Whether the image has what a command of a stage installs in another place, and programs find it there:
    those of an environment that a step prepares are on PATH."""
    new = compared.new.final
    prepared = any(place in e.writes for e in stage.effects if prepares_install(e))
    given = ((new.facts and new.facts.env.get("PATH")) or default_path()).split(":")
    first = takewhile(lambda directory: directory not in given, (new.end.get("PATH") or "").split(":"))
    on_path = f"{place}/bin" in first  # and not another interpreter in front of it
    return event.origin in content_at(new, place).origins and on_path and prepared


def _attribute_problems(compared: Comparison, path: str, *, said: bool) -> Iterator[Reason]:
    """Links, modes and owners that differ, `said` for a path whose mode or owner a new command sets."""
    old, new = compared.old.final, compared.new.final
    before, after = content_at(old, path), content_at(new, path)
    if not before or not after:
        return
    if before.link and not after.link and not all(is_directory(old, t) for t in link_targets(old, path)):
        yield Reason.of("SL409", "link", path=path)
    if in_transient_tree(path) or (is_shared_directory(path) and path != old.end.cwd):
        return
    if before.mode != after.mode and (before.mode or (said and not compared.user)):
        mode, other = before.mode or "the default", after.mode or "the default"
        yield Reason.of("SL409", "mode", path=path, before=mode, after=other)
    if compared.user or (compared.only_root and not said):
        return
    if before.owner != after.owner:
        one, other = ("an unknown user" if o is None else o or "root" for o in (before.owner, after.owner))
        yield Reason.of("SL409", "owner", path=path, before=one, after=other)
