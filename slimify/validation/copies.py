"""Rules P2 and P4: what COPY --from names exists and arrives as it is."""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Iterator, Sequence

from slimify.facts.carried import data_files, unpacked_data_files
from slimify.languages import languages
from slimify.model.decisions import Reason
from slimify.model.effects import Action
from slimify.semantics.machine.content import (
    Content,
    content_at,
    exists_in,
    holds_place,
    is_directory,
    link_targets,
    may_bring_files,
)
from slimify.semantics.machine.stages import Copy, Machine, Stage
from slimify.semantics.paths import ancestors, inside, is_glob, overlap
from slimify.syntax.dockerfile.instructions import meaning
from slimify.validation.comparison import Comparison


def copy_problems(compared: Comparison, start: Sequence[str]) -> Iterator[Reason]:
    """Copies between stages that fail or change what they copy, and new copies of files that a clone of the
    repository lacks."""
    old, new = compared.old, compared.new
    trusted = _trusted_paths(compared, start)
    known: dict[Hashable, bool] = {}  # whether each puts files into a directory
    for event in (e for s in old.stages for e in s.own):
        if event.copy is not None:
            key = (meaning(event.visit.instruction), event.copy.target)
            known[key] = event.copy.into and known.get(key, True)
    for stage in new.stages:
        for event in stage.own:
            copy = event.copy
            if copy is None:
                continue
            into = known.get((meaning(event.visit.instruction), copy.target))
            if into and not copy.into and may_bring_files(copy):
                yield Reason.of("SL409", "copy_into", path=copy.target or "")
            if into is not None:
                continue
            directory = copy.parts.names_directory or event.state.view.is_dir(copy.target or "/")
            if len(copy.sources) > 1 and not directory:
                yield Reason.of("SL409", "copy_slash", path=copy.target or copy.parts.dest)
            if copy.stage is not None:
                yield from _stage_copy_problems(compared, copy, copy.stage, trusted)
            elif copy.image:
                yield Reason.of("SL409", "copy_image", stage=copy.image)
            else:
                yield from _context_copy_problems(old, copy)


def _trusted_paths(compared: Comparison, start: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Stages and paths in them that need not be shown to exist: the user asked to copy them, the old file
    copies them, or the start command names them (`start`), or what is in them."""
    named = (*compared.kept, *start, *(around for path in start for around in ancestors(path)))
    copies = [e.copy for s in compared.old.stages for e in s.own if e.copy is not None]
    copied = {(c.stage.name, path) for c in copies if c.stage is not None for path in c.sources}
    return frozenset(copied.union((s.name, path) for s in compared.new.stages for path in named))


def _stage_copy_problems(
    compared: Comparison, copy: Copy, stage: Stage, trusted: frozenset[tuple[str, str]]
) -> Iterator[Reason]:
    for written, source in zip(copy.parts.sources, copy.sources, strict=True):
        if stage.facts is not None and source in data_files(stage.facts):
            continue
        if not written.startswith("/") or set(source) & set("*?["):
            yield Reason.of("SL409", "copy_path", stage=stage.name, path=written)
        elif (stage.name, source) not in trusted and not _exists(compared, stage, source):
            yield Reason.of("SL409", "copy_nothing", stage=stage.name, path=source)
        elif content_at(stage, source).link and not all(
            is_directory(stage, target) for target in link_targets(stage, source)
        ):
            yield Reason.of("SL409", "link", path=source)


def _exists(compared: Comparison, stage: Stage, path: str) -> bool:
    """Whether a path certainly exists at the end of a stage."""
    content = content_at(stage, path)
    if path in unpacked_data_files(w for e in stage.effects if e.kind == "unpack" for w in e.writes):
        return True
    if any(path != o and inside(path, o) for o in _files(stage)):
        return False
    if content and not content.named and _is_only_filled(stage, content, path):
        held = stage.end.view.is_dir(path) or stage.end.view.context_path(path) is not None
        return held or any(inside(w, path) for e in stage.effects for w in e.writes)
    if exists_in(stage, path) or any(inside(path, cache) for e in stage.effects for cache in e.caches):
        return True
    if stage.facts is not None and any(inside(f, path) for f in data_files(stage.facts)):
        return True
    directory, name = posixpath.split(path)
    if posixpath.basename(directory) == "bin" and name not in compared.needs.commands:
        return False  # a program of a package that may have none of this name
    return any(
        holds_place(stage, name, path) and content_at(stage, name)
        for language in languages()
        for name in language.places
    )


_FILLS = frozenset({"install", "check", "unpack", "fetch", "app", "build", "compile", "prune"})


def _files(stage: Stage) -> frozenset[str]:
    """The files that commands make, or that their output goes to, also where they are moved to."""
    found: set[str] = set()
    for effect in stage.effects:
        found |= {*effect.outputs}
        if len(effect.writes) == 1 and any(r.op.startswith(">") for r in effect.command.redirects):
            found |= {*effect.writes}
        if effect.action == Action.MOVE and found.issuperset(effect.reads):
            found |= {*effect.writes}
    return frozenset(found)


def _is_only_filled(stage: Stage, content: Content, path: str) -> bool:
    """Whether commands only fill a directory above a path: what is in it is not known."""
    for event in (e for e in stage.events if e.origin in content.origins):
        reached = [(e, w) for e in event.effects for w in (*e.writes, *e.outputs) if overlap(w, path)]
        if any(inside(w, path) or (e.kind not in _FILLS and e.tool != "mkdir") for e, w in reached):
            return False
        if event.copy is not None:
            return False
    return True


def _context_copy_problems(old: Machine, copy: Copy) -> Iterator[Reason]:
    context = copy.view.context
    if context.root is None:
        return
    if copy.parts.exclude:
        yield Reason.of("SL409", "copy_exclude", path=copy.parts.exclude[0])
    copies = [e.copy for stage in old.stages for e in stage.own if e.copy is not None]
    own = {source for known in copies for source in known.sources}
    for source in copy.sources:
        if source not in own and not is_glob(source) and ("://" in source or not context.has(source)):
            yield Reason.of("SL409", "copy_absent", path=source)
    held = [*(stage.end.view for stage in old.stages), *(known.view for known in copies)]
    for path in copy.view.under("/"):
        file = copy.view.context_path(path)
        if file is not None and all(view.context_path(path) != file for view in held):
            yield Reason.of("SL409", "copy_more", path=path, file=file)
            return
