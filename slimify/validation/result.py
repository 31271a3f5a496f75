"""The new image holds what the old one held, except for what a closed world allows to go.

For each step of the old file, what it left in the image is looked up in the new image: the same steps have to
have made it, for the same owner, with the same mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.facts.programs import is_plain_check, sets_attributes
from slimify.facts.system import in_transient_tree, is_plain_root, is_shared_directory, is_systems
from slimify.languages import installed_directories, prepares_install
from slimify.model.decisions import Reason
from slimify.model.effects import NOT_FOR_RUN_TIME, Effect
from slimify.semantics.machine.content import (
    Content,
    content_at,
    exists_in,
    is_directory,
    link_targets,
    places_of,
)
from slimify.semantics.machine.stages import Copy, Event, Origin, Stage
from slimify.semantics.paths import is_named_place
from slimify.validation.closed_worlds import is_unused_copy, may_go
from slimify.validation.comparison import Comparison
from slimify.validation.inputs import is_downloaded

_WITHOUT_FILES = NOT_FOR_RUN_TIME | {"packages", "unpackage", "meta"}


def result_problems(compared: Comparison, roots: Sequence[str]) -> Iterator[Reason]:
    """What the new image lacks, or holds differently. `roots` are the paths that run time names."""
    old, new = compared.old.final, compared.new.final
    for event in old.events:
        if event.copy is not None and event.copy.stage is None:
            yield from _changed_files(compared, event)
        if event.copy is not None and (event.copy.stage is not None or event.copy.image):
            yield from _lost_copies(compared, event.copy)
        for effect in event.effects:
            if effect.kind == "meta":
                yield from _changed_attributes(compared, effect)
            if _is_lost_check(compared, event, effect):
                yield Reason.of("SL409", "command_gone", command=event.text[:50])
            if _has_no_paths(effect):
                if not _is_executed(new, event):
                    yield Reason.of("SL409", "command_gone", command=event.text[:50])
                continue
            if effect.kind == "files":
                yield from _undeleted(compared, event, effect)
            if effect.kind in _WITHOUT_FILES:
                continue
            yield from _effect_problems(compared, event, effect, roots)


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


def _undeleted(compared: Comparison, event: Event, effect: Effect) -> Iterator[Reason]:
    """Files of the base image, or of system packages, that the old image had deleted by their names."""
    old, new = compared.old.final, compared.new.final
    for path in effect.deletes:
        if set(path) & set("*?[") or installed_directories() & set(path.split("/")):
            continue
        of_system = not content_at(old, path, event.number) and content_at(old, path).gone
        if of_system and not content_at(new, path).gone and _may_have(compared, path):
            yield Reason.of("SL409", "command_gone", command=event.text[:50])


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
        if lost and not is_unused_copy(compared, copy, place):
            yield Reason.of("SL409", "result_missing", path=place, command=f"COPY {copy.parts.sources[0]}")


_SAMPLE = 20  # files of one COPY whose owner and mode are compared


def _changed_files(compared: Comparison, event: Event) -> Iterator[Reason]:
    """Owners and modes of files that a COPY brings."""
    assert event.copy is not None
    places = [item.target for item in event.copy.view.copies if not item.directory]
    for item in event.copy.view.copies:
        places += event.copy.view.under(item.target)[:_SAMPLE] if item.directory else ()
    if event.visit.instruction.heredocs and event.copy.target is not None and not event.copy.into:
        places.append(event.copy.target)
    for path in places[:_SAMPLE]:
        before = content_at(compared.old.final, path)
        after = content_at(compared.new.final, path)
        if before and after:
            yield from _attribute_problems(compared, path, before, after)


def _changed_attributes(compared: Comparison, effect: Effect) -> Iterator[Reason]:
    """Owners and modes that chown and chmod of the old file set."""
    old, new = compared.old.final, compared.new.final
    for path in effect.writes:
        before, after = content_at(old, path), content_at(new, path)
        if before and after and not set(path) & set("*?["):
            yield from _attribute_problems(compared, path, before, after)


def _is_executed(stage: Stage, event: Event) -> bool:
    return any(e.origin == event.origin for e in stage.events)


def _effect_problems(
    compared: Comparison, event: Event, effect: Effect, roots: Sequence[str]
) -> Iterator[Reason]:
    old, new = compared.old.final, compared.new.final
    for path in dict.fromkeys((*effect.outputs, *effect.writes)):
        before = content_at(old, path)
        if event.origin not in before.origins or set(path) & set("*?["):
            continue
        after = content_at(new, path)
        lost = [o for o in before.origins if o not in after.origins and _counts(compared, o)]
        lost = [o for o in lost if o.kind != "command" or o == event.origin]  # others have their own turn
        lost = [o for o in lost if not is_downloaded(o, after.origins)]
        narrowed = event.origin in after.partial and event.origin not in before.partial and path != "/"
        absent = not after and not is_named_place(path) and not exists_in(new, path)
        if (lost or narrowed or absent) and not _is_installed_elsewhere(compared, event, effect):
            if not may_go(compared, effect, path, roots):
                yield Reason.of("SL409", "result_missing", path=path, command=event.text[:50])
        elif not (lost or narrowed or absent or is_named_place(path)):
            yield from _attribute_problems(compared, path, before, after)


def _counts(compared: Comparison, origin: Origin) -> bool:
    """Whether an origin is more than a removal of development dependencies or caches."""
    return origin not in compared.idle


def _is_installed_elsewhere(compared: Comparison, event: Event, effect: Effect) -> bool:
    """Whether the same command installs into another place of the new file, and all of it is in the
    image."""
    for stage in compared.new.stages:
        for other in stage.events:
            if other.origin != event.origin:
                continue
            moved = [
                w
                for e in other.effects
                if e.kind == effect.kind and e.writes != effect.writes
                for w in e.writes
            ]
            if moved and all(_is_usable(compared, stage, event, w) for w in moved):
                return True
    return False


def _is_usable(compared: Comparison, stage: Stage, event: Event, place: str) -> bool:
    """Whether the image has what a command of a stage installs in another place, and programs find it there:
    those of an environment that a step prepares are on PATH."""
    new = compared.new.final
    effects = (e for x in stage.events for e in x.effects if prepares_install(e))
    prepared = any(place in e.writes for e in effects)
    on_path = f"{place}/bin" in (new.end.get("PATH") or "").split(":")
    return event.origin in content_at(new, place).origins and on_path and prepared


def _attribute_problems(compared: Comparison, path: str, before: Content, after: Content) -> Iterator[Reason]:
    old = compared.old.final
    if before.link and not after.link and not all(is_directory(old, t) for t in link_targets(old, path)):
        yield Reason.of("SL409", "link", path=path)
    own = path == old.end.cwd
    if in_transient_tree(path) or (is_shared_directory(path) and not own):
        return
    if before.mode != after.mode and before.mode:
        yield Reason.of("SL409", "mode", path=path, before=before.mode, after=after.mode or "the default")
    root = is_plain_root(compared.new.final.end.user)
    if root or compared.user or None in (before.owner, after.owner):
        return
    user = compared.new.final.end.user.partition(":")[0]
    if before.owner != after.owner and after.owner != user:
        yield Reason.of(
            "SL409", "owner", path=path, before=before.owner or "root", after=after.owner or "root"
        )
