"""Checks that files, volumes and symlinks of the original exist in the rewritten image."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator

from slimify.facts.image_tables import entry_scripts
from slimify.facts.language_files import all_files, either, files_of, is_in_package
from slimify.facts.servers import serves_only_files
from slimify.facts.system import is_excluded_from_slim
from slimify.image.model import Entry
from slimify.model.counts import counted
from slimify.model.sources import Use
from slimify.semantics.paths import inside, inside_any
from slimify.syntax.dockerfile.history import keyword_of
from slimify.verify.disk.evidence import (
    Evidence,
    Side,
    certificates_constraint,
    describe_ownership,
    is_ephemeral,
)
from slimify.verify.disk.leftovers import is_waste
from slimify.verify.disk.start_commands import start_command_lines
from slimify.verify.model import Check, Finding, Grade, disk_check, missing_path, path_constraint

MISSING, LINK, OWNER, CONTENT, VOLUME = "SL526", "SL527", "SL528", "SL529", "SL530"

_MATCHES = 1000


def named_paths(evidence: Evidence, language: str | None) -> Check:
    """The paths that runtime steps and sources name exist, and directories have the application's files: who
    names a directory may read all of it."""
    findings = []
    count = 0
    for path, use in sorted(_paths_named(evidence), key=lambda one: (one[0], one[1].file, one[1].line)):
        for place in _expand_wildcards(evidence.before, path):
            old = evidence.before.entry(place)
            if old is None or is_ephemeral(place):
                continue
            count += 1
            new = evidence.after.entry(place)
            if new is None:
                findings.append(missing_path(MISSING, place, f"{use.place} reads {place}, which is missing"))
            elif old.kind != "directory":
                continue
            elif _is_empty(evidence.after, new) and not _is_empty(evidence.before, old):
                findings.append(
                    missing_path(MISSING, place, f"{use.place} reads {place}, which is now empty")
                )
            elif lost := _lost_files(evidence, old, new, language):
                text = f"{use.place} reads {place}, which lacks {_list_some(lost)}"
                findings.append(missing_path(MISSING, place, text))
    detail = f"{counted(count, 'path')} that sources name found" if count else "no source names a path"
    return disk_check("files", findings, detail)


def copied_files(evidence: Evidence) -> Check:
    """Files that the original copies from the build context are not those of a package or of the base image
    again: a configuration file whose copy is lost. Files of equal size are equal."""
    before, after = evidence.before, evidence.after
    findings = []
    count = 0
    for old in before.added():
        if old.kind != "file" or before.files.layer(old.path) not in before.context_layers:
            continue
        count += 1
        new, layer = after.files.get(old.path), after.files.layer(old.path) or 0
        if new is None or (new.kind, new.size) == (old.kind, old.size):
            continue
        owner = after.packages.owner_of(old.path)
        if layer < after.first_own_layer or (
            owner and keyword_of(after.image.layers[layer].created_by) == "RUN"
        ):
            source = f"the package {owner.name}" if owner else "the base image"
            text = f"{old.path} is the file of {source}, not the one that the original copies"
            findings.append(missing_path(CONTENT, old.path, text))
    return disk_check("copied files", findings, f"{counted(count, 'file')} of the context found")


def _paths_named(evidence: Evidence) -> set[tuple[str, Use]]:
    """The paths that runtime steps and sources name. Relative paths start at WORKDIR."""
    workdir = evidence.before.workdir
    replaced = _start_words(evidence.before) - _start_words(evidence.after)
    found = {
        (path, use)
        for path, use in evidence.runtime_needs.paths.items()
        if replaced.isdisjoint((path, posixpath.relpath(path, workdir)))
    }
    served = _is_static_site(evidence)
    for use in evidence.runtime_needs.sources.paths:
        if served and evidence.after.entry(evidence.image_path(use)) is None:
            continue  # only the build read this source
        found.add((posixpath.normpath(posixpath.join(workdir, use.name)), use))
    return {(path, use) for path, use in found if path not in ("/", workdir)}


def _is_static_site(evidence: Evidence) -> bool:
    """Whether the original starts only file servers, directly or through the entry script of its base
    image, and executes no source of the application."""
    started = {effect.tool for effect in evidence.runtime_needs.start}
    started -= {entry for entry in started & entry_scripts() if _comes_with_base(evidence.before, entry)}
    runners = {name for one in all_files() for name in one.runners}  # their commands are listed, too
    servers = {name for name in started if serves_only_files(name)}
    return bool(servers) and started <= servers | runners


def _comes_with_base(side: Side, command: str) -> bool:
    layer = side.files.layer(side.command(command) or "")
    return layer is not None and layer < side.first_own_layer


def _start_words(side: Side) -> set[str]:
    """The words of the start command, whose files only this command reads."""
    words = start_command_lines(side)[:1]
    return {posixpath.normpath(part) for line in words for word in line for part in word.split()}


def _expand_wildcards(side: Side, path: str) -> Iterator[str]:
    """The existing paths that match a pattern, at most 1,000; `path` itself if it has no wildcards."""
    if not any(sign in path for sign in "*?["):
        yield path
        return
    found = [""]
    for part in path.strip("/").split("/"):
        found = [further for place in found for further in _expand_part(side, place, part)][:_MATCHES]
    yield from found


def _expand_part(side: Side, place: str, part: str) -> Iterator[str]:
    if not any(sign in part for sign in "*?["):
        if side.entry(f"{place}/{part}") is not None:
            yield f"{place}/{part}"
        return
    real = side.files.place(place or "/")
    names = side.files.children(real) if real else ()
    if part == "**":
        yield place
        for child in names:
            entry = side.files.get(posixpath.join(real, child))
            if entry is not None and entry.kind == "directory":
                yield from _expand_part(side, f"{place}/{child}", part)
        return
    # as in shells, wildcards don't match hidden files
    yield from (f"{place}/{name}" for name in fnmatch.filter(names, part) if part[0] == "." or name[0] != ".")


def _is_empty(side: Side, entry: Entry) -> bool:
    return not side.files.children(entry.path)


def _lost_files(evidence: Evidence, old: Entry, new: Entry, language: str | None) -> list[str]:
    """The files of the application that a directory lost, relative to it: not those of the base image, of
    packages or of a compiler. WORKDIR and the directories above it are named for one file in them."""
    before, sources = evidence.before, either(files_of(language).sources)
    if inside(before.workdir, old.path):
        return []
    found = []
    for name in sorted(_files_below(before, old) - _files_below(evidence.after, new)):
        path = posixpath.join(old.path, name)
        own = (before.files.layer(path) or 0) >= before.first_own_layer
        if not own or is_waste(path) or is_ephemeral(path) or is_in_package(path):
            continue
        if before.packages.owner_of(path) is None and not (sources and sources.search(path)):
            found.append(name)
    return found


def volumes(evidence: Evidence) -> Check:
    """The files in directories of VOLUME exist: a new volume starts with them."""
    config = evidence.before.image.config.get("Volumes")
    findings = []
    places = sorted(config) if isinstance(config, dict) else []
    for place in places:
        old, new = evidence.before.entry(place), evidence.after.entry(place)
        if old is None:
            continue
        lost = _files_below(evidence.before, old) - (_files_below(evidence.after, new) if new else set())
        lost = {path for path in lost if not is_waste(f"/{path}")}
        if lost:
            text = f"the volume {place} starts without {_list_some(sorted(lost))}"
            findings.append(missing_path(VOLUME, place, text))
        elif new is None:
            text = f"the directory of the volume {place} is missing"
            findings.append(missing_path(VOLUME, place, text))
    return disk_check("volumes", findings, f"unchanged: {', '.join(places)}" if places else "none")


def _files_below(side: Side, top: Entry) -> set[str]:
    """The files below a directory, relative to it."""
    found = set()
    queue = [top.path]
    while queue:
        at = queue.pop()
        for child in side.files.children(at):
            path = posixpath.join(at, child)
            entry = side.files.get(path)
            if entry is not None and entry.kind == "directory":
                queue.append(path)
            else:
                found.add(path[len(top.path) :].lstrip("/"))
    return found


def _list_some(items: list[str]) -> str:
    more = f" and {len(items) - 3} more" if len(items) > 3 else ""
    return ", ".join(items[:3]) + more


def links(evidence: Evidence) -> Check:
    """No symlink dangles that resolved before. It breaks something if sources or commands name the link, or
    a directory above it; one of an installed package that nothing names is cosmetic."""
    findings = []
    count = 0
    named = [path for path, _ in _paths_named(evidence)]
    for entry in evidence.after.added():
        if entry.kind != "symlink" or is_excluded_from_slim(entry.path) or is_ephemeral(entry.path):
            continue
        if any(place in entry.path for one in all_files() for place in one.compiled_with):
            continue
        count += 1
        if evidence.after.entry(entry.path) is not None:
            continue
        old = evidence.before.entry(entry.path)
        if old is not None:
            text = f"the symlink {entry.path} points to {entry.target}, which is missing"
            need = certificates_constraint(evidence, old.path, text) or path_constraint(old.path, text)
            installed = evidence.before.packages.owner_of(entry.path) or is_in_package(entry.path)
            grade: Grade = "cosmetic" if installed else "may-matter"
            if inside_any(entry.path, named):
                grade = "breaks"
            finding = Finding(code=LINK, text=text, path=entry.path, constraints=(need,), grade=grade)
            findings.append(finding)
    return disk_check("links", findings, f"{counted(count, 'symlink')} intact" if count else "none")


def probed_files(evidence: Evidence, paths: Iterable[str]) -> Check:
    """The files that the user's probe names have the same content, owner and mode."""
    findings = []
    names = tuple(paths)
    for path in names:
        old, new = evidence.before.entry(path), evidence.after.entry(path)
        if old is None:
            findings.append(Finding(code=CONTENT, text=f"{path} is not in the original either", path=path))
        elif new is None:
            findings.append(missing_path(MISSING, path, f"{path} is missing"))
        elif old.digest != new.digest or old.kind != new.kind:
            findings.append(Finding(code=CONTENT, text=f"{path} has different content", path=path))
        elif describe_ownership(old) != describe_ownership(new):
            text = f"{path}: {describe_ownership(old)} became {describe_ownership(new)}"
            findings.append(Finding(code=OWNER, text=text, path=path))
    return disk_check("named files", findings, f"{len(names)} equal")
