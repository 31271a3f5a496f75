"""Resolves steps of unknown effect by what their image layer contains.

A step becomes known only if its whole result can be copied: it left files in directories of the application,
and neither changed nor removed system files that later steps or run time use. Commands of one RUN share a
layer. Paths that its known commands write belong to them, all others to the unknown command.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec.structs import replace

from slimify.analysis.evidence.image_evidence import BuiltImage
from slimify.facts.language_files import all_files, below_home, projects
from slimify.facts.system import (
    in_application_tree,
    is_plain_root,
    is_scratch,
    is_shared_directory,
    is_systems,
    pattern,
)
from slimify.image.tree import Files
from slimify.languages import installed_directories
from slimify.model.effects import WORKS_BY_PATH, Action, Effect
from slimify.model.regex import regex
from slimify.semantics.paths import inside, inside_any, outermost
from slimify.semantics.walk import Visit

# Effects that change no system state, so only their paths can be unknown.
_RESOLVABLE_KINDS = WORKS_BY_PATH | {"unknown", "build", "compile", "check"}
_MAX_NAMED_FILES = 3  # up to this many files of a new directory are named instead of the directory
_MAX_NAMES = 8  # up to this many entries of a directory are copied by name
_GENERATED_NAME = regex(r"\d{3,}|[0-9a-f]{8,}|\d\.\d")  # names that may differ in the next build


def layer_effects(
    visits: Sequence[Visit], evidence: BuiltImage
) -> tuple[tuple[Visit, ...], Mapping[int, tuple[str, ...]]]:
    """The visits with resolved effects, and by line the paths that formerly unknown RUNs leave."""
    found = tuple(_with_layer_effects(visit, evidence) for visit in visits)
    left = {
        new.instruction.line: tuple(
            p
            for e, o in zip(_all_effects(new), _all_effects(old), strict=True)
            if e is not o
            for p in (*e.outputs, *e.writes)
        )
        for new, old in zip(found, visits, strict=True)
        if new is not old
    }
    return found, left


def _all_effects(visit: Visit) -> list[Effect]:
    return [e for atom in visit.effects for e in atom]


def _with_layer_effects(visit: Visit, evidence: BuiltImage) -> Visit:
    effects = _all_effects(visit)
    unknown = [e for e in effects if _is_unknown(e)]
    if not unknown or visit.instruction not in evidence.layers or _has_writable_mount(visit):
        return visit
    if any(e.kind not in _RESOLVABLE_KINDS for e in unknown):
        return visit
    theirs = [p for e in effects if not _is_unknown(e) for p in (*e.writes, *e.outputs, *e.caches)]
    below = evidence.files_before(visit.instruction)
    written = [p for p in _written_paths(visit, evidence, below) if not inside_any(p, theirs)]
    if not all(_is_own(p, evidence) for p in written) or _are_scripts(written, evidence):
        return visit
    removed = [p for p in evidence.deleted_by(visit.instruction) if not _is_temporary(p)]
    copied = _paths_to_copy(written, visit, evidence, below)
    if copied is None or not all(inside_any(p, (*copied[1], *theirs)) for p in removed):
        return visit
    first = unknown[0]
    return replace(
        visit,
        effects=tuple(
            tuple(
                (_known_effect(e, *copied) if e is first else _known_effect(e, (), ()))
                if _is_unknown(e)
                else e
                for e in atom
            )
            for atom in visit.effects
        ),
    )


def _is_unknown(effect: Effect) -> bool:
    return effect.kind == "unknown" or effect.writes_anywhere


def _known_effect(effect: Effect, files: tuple[str, ...], directories: tuple[str, ...]) -> Effect:
    return replace(
        effect,
        kind="build",
        action=effect.action or Action.SCRIPT,
        outputs=files,
        writes=directories,
        deletes=(),
        writes_anywhere=False,
        why=None,
    )


def _has_writable_mount(visit: Visit) -> bool:
    """Whether it has a writable mount that is not a cache: files written there are in no layer."""
    mounts = [f.value or "" for f in visit.instruction.flags if f.name == "mount"]
    return any("type=bind" in m and "rw" in m.split(",") for m in mounts)


def _is_temporary(path: str) -> bool:
    """Whether nothing reads the path after the build."""
    return is_scratch(path) or _caches().match(path) is not None


@cache
def _caches() -> re.Pattern[str]:
    kept = (below_home(p) + ("" if p.endswith("/") else "(?:/|$)") for one in all_files() for p in one.kept)
    return re.compile("|".join((pattern("caches").pattern, *kept)))


def _is_own(path: str, evidence: BuiltImage) -> bool:
    """Whether the path belongs to the application: outside system directories, and in no system package."""
    if evidence.packages.owner_of(path) is not None:
        return False
    return (
        in_application_tree(path)
        or inside_any(path, projects())
        or not (is_systems(path) or inside_any(path, ("/var", "/root", "/run")))
    )


def _are_scripts(written: Iterable[str], evidence: BuiltImage) -> bool:
    """Whether one of the files is a script, which may call anything in the image."""
    heads = evidence.image.heads
    own = (p for p in written if installed_directories().isdisjoint(p.split("/")[1:-1]))
    return any(heads.get(p, b"").startswith(b"#!") for p in own)


def _written_paths(visit: Visit, evidence: BuiltImage, below: Files) -> Iterator[str]:
    """The files that a step left, the directories it created, and those whose owner or mode it changed."""
    index = evidence.layers[visit.instruction]
    for entry in evidence.image.layers[index].entries:
        if _is_temporary(entry.path) or entry.path == "/":
            continue
        if entry.kind != "directory":
            if evidence.files.get(entry.path) is not None:  # a later step may have overwritten it
                yield entry.path
            continue
        old = below.get(entry.path)
        if old is None or (old.mode, old.uid, old.gid) != (entry.mode, entry.uid, entry.gid):
            yield entry.path


def _paths_to_copy(
    written: Iterable[str], visit: Visit, evidence: BuiltImage, below: Files
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The files and directories to copy. New content of an existing directory is copied by name if it is
    small and its names are stable, else the whole directory is copied. None if that is a system directory, or
    if COPY would change its mode."""
    groups: dict[str, set[str]] = {}
    for path in written:
        top = path
        while not is_shared_directory(above := posixpath.dirname(top)) and below.get(above) is None:
            top = above
        groups.setdefault(above, set()).add(top)
    tops: set[str] = set()
    for directory, names in groups.items():
        few = len(names) <= _MAX_NAMES and all(_is_copyable(p, evidence) for p in names)
        if not few and is_shared_directory(directory):
            return None
        tops |= {p for top in names for p in _named_paths(top, evidence)} if few else {directory}
    directories = outermost(sorted(p for p in tops if _is_directory(p, evidence)))
    if not all(_is_reproducible(p, visit, evidence) for p in directories):
        return None
    return tuple(sorted(p for p in tops if not inside_any(p, directories))), directories


def _is_copyable(path: str, evidence: BuiltImage) -> bool:
    """Whether COPY can name it: its name is stable, and it is not a link, which COPY would follow."""
    entry = evidence.files.get(path)
    made_up = _GENERATED_NAME.search(posixpath.basename(path))
    return entry is not None and entry.kind in ("file", "directory") and made_up is None


def _named_paths(top: str, evidence: BuiltImage) -> tuple[str, ...]:
    """The files of a new directory if they are few and all of its content, else the directory itself."""
    below = tuple(evidence.files.walk(top))
    files = tuple(e.path for e in below if e.kind == "file")
    others = tuple(e for e in below if e.kind != "file")
    filled = all(o.kind == "directory" and any(inside(f, o.path) for f in files) for o in others)
    few = 0 < len(files) <= _MAX_NAMED_FILES and all(_is_copyable(p, evidence) for p in files)
    return files if few and filled else (top,)


def _is_directory(path: str, evidence: BuiltImage) -> bool:
    entry = evidence.files.get(path)
    return entry is not None and entry.kind == "directory"


def _is_reproducible(path: str, visit: Visit, evidence: BuiltImage) -> bool:
    """Whether COPY creates the directory with the same owner and mode."""
    layer = evidence.layers[visit.instruction]
    entry = Files(evidence.image.layers[: layer + 1]).get(path)
    if entry is None or is_shared_directory(path) or entry.mode != 0o755:
        return False
    return (entry.uid, entry.gid) == (0, 0) or not is_plain_root(visit.state.user)
