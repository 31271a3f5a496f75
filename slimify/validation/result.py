"""The new image holds what the old one held, except for what a closed world allows to go.

For each step of the old file, what it left in the image is looked up in the new image: the same steps have to
have made it, for the same owner, with the same mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.facts.system import in_transient_tree, is_plain_root, is_shared_directory
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
            if effect.kind in _WITHOUT_FILES:
                continue
            if effect.kind == "unknown" or (effect.writes_anywhere and not effect.writes):
                if not _is_executed(new, event):
                    yield Reason.of("SL409", "command_gone", command=event.text[:50])
                continue
            yield from _effect_problems(compared, event, effect, roots)


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
            if moved and all(event.origin in content_at(compared.new.final, w).origins for w in moved):
                return True
    return False


def _attribute_problems(compared: Comparison, path: str, before: Content, after: Content) -> Iterator[Reason]:
    old = compared.old.final
    if before.link and not after.link and not all(is_directory(old, t) for t in link_targets(old, path)):
        yield Reason.of("SL409", "link", path=path)
    if in_transient_tree(path) or is_shared_directory(path):
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
