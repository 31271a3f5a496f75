"""Rules P2 and P4: what COPY --from names exists and arrives as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.facts.carried import data_files
from slimify.languages import languages
from slimify.model.decisions import Reason
from slimify.semantics.machine.content import content_at, exists_in, is_directory, link_targets
from slimify.semantics.machine.stages import Copy, Machine, Origin, Stage
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import from_parts, meaning, split_stages


def copy_problems(old: Machine, new: Machine, kept: tuple[str, ...]) -> Iterator[Reason]:
    """Copies between stages that fail or change what they copy, and new copies of files that a clone of the
    repository lacks. Paths `kept` on request need not be known to exist."""
    names = [(from_parts(s[0]).alias or "").lower() for s in split_stages(new.file)]
    known = {meaning(e.visit.instruction) for s in old.stages for e in s.own if e.copy is not None}
    for stage in new.stages:
        for event in stage.own:
            copy = event.copy
            if copy is None or meaning(event.visit.instruction) in known:
                continue
            if copy.stage is not None:
                yield from _stage_copy_problems(copy, copy.stage, kept)
            elif copy.image:
                if copy.image.lower() in names:
                    yield Reason.of("SL409", "copy_stage", stage=copy.image)
                else:
                    yield Reason.of("SL409", "copy_image", stage=copy.image)
            else:
                yield from _context_copy_problems(old, copy)


def _stage_copy_problems(copy: Copy, stage: Stage, kept: tuple[str, ...]) -> Iterator[Reason]:
    for written, source in zip(copy.parts.sources, copy.sources, strict=True):
        if not written.startswith("/") or set(source) & set("*?["):
            yield Reason.of("SL409", "copy_path", stage=stage.name, path=written)
        elif source not in kept and not exists(stage, source):
            yield Reason.of("SL409", "copy_nothing", stage=stage.name, path=source)
        elif content_at(stage, source).link and not all(
            is_directory(stage, target) for target in link_targets(stage, source)
        ):
            yield Reason.of("SL409", "link", path=source)


def exists(stage: Stage, path: str) -> bool:
    """Whether a path certainly exists at the end of a stage."""
    content = content_at(stage, path)
    files = (o for event in stage.events for e in event.effects for o in e.outputs)
    if any(path != o and inside(path, o) for o in files):
        return False  # below a file
    if content and not content.named and set(content.origins) <= _installs(stage):
        return any(path in e.writes for event in stage.events for e in event.effects)
    if exists_in(stage, path):
        return True
    if any(inside(path, cache) for event in stage.events for e in event.effects for cache in e.caches):
        return True
    if stage.facts is not None and any(inside(path, f) or f == path for f in data_files(stage.facts)):
        return True
    return any(
        re.fullmatch(pattern, path) and content_at(stage, name)
        for language in languages()
        for name, pattern in language.places.items()
    )


def _installs(stage: Stage) -> frozenset[Origin]:
    """The commands that install packages: what is in their directories is not known."""
    return frozenset(
        e.origin for e in stage.events if e.origin is not None and e.kinds <= {"install", "check"}
    )


def _context_copy_problems(old: Machine, copy: Copy) -> Iterator[Reason]:
    context = copy.view.context
    if context.root is None:
        return
    if copy.parts.exclude:
        yield Reason.of("SL409", "copy_exclude", path=copy.parts.exclude[0])
    urls = {s for stage in old.stages for e in stage.own if e.copy is not None for s in e.copy.sources}
    for source in copy.sources:
        if "://" in source and source not in urls:
            yield Reason.of("SL409", "copy_absent", path=source)
        name = source.strip("/").removeprefix("./")
        if "://" in source or name in ("", ".") or set(name) & set("*?["):
            continue
        if not context.has(name):
            yield Reason.of("SL409", "copy_absent", path=source)
    held = [stage.end.view for stage in old.stages]
    for path in copy.view.under("/"):
        file = copy.view.context_path(path)
        if file is not None and all(view.context_path(path) != file for view in held):
            yield Reason.of("SL409", "copy_more", path=path, file=file)
            return
