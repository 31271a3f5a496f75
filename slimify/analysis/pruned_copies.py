"""Copied directories from which a later build step deletes files.

The final stage must not restore files that the original image no longer contains (`COPY . .`, then a build
that ends in `rm -rf client`). Such a directory is copied from the builder, after the deletion.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import dirname

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.roles.role_state import Artifact, RoleState
from slimify.facts.system import is_scratch, is_shared_directory
from slimify.semantics.paths import inside, inside_any
from slimify.semantics.walk import Visit


def pruned_copies(state: RoleState) -> dict[str, Artifact]:
    """The directories that a COPY created and a build step deletes files from, by path. Empty for compiled
    languages: their programs need no sources at run time."""
    found: dict[str, Artifact] = {}
    if state.app_language is not None and state.app_language.is_compiled:
        return found
    for visit, path in _deleted_context_paths(state):
        for place in _copy_directories(state, visit, path):
            found[place] = Artifact(path=place, first=visit.index, user=visit.state.user, kind="files")
    return found


def _deleted_context_paths(state: RoleState) -> Iterator[tuple[Visit, str]]:
    """Each image path from the context that a build step deletes. A path that steps only read counts as part
    of the context, even if this copy of the context lacks it."""
    read: set[str] = set()
    made: list[str] = []
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            if state.atoms[(visit.index, number)] == "build":
                for path in (d for e in effects if e.kind == "files" for d in e.deletes):
                    missing = path in read and not inside_any(path, made)
                    if not is_scratch(path) and (missing or _from_context(visit, path)):
                        yield visit, path
            read.update(r for e in effects for r in e.reads)
            made += [w for e in effects for w in (*e.writes, *e.outputs)]


def _from_context(visit: Visit, path: str) -> bool:
    view = visit.state.view
    if view.context_path(path) is not None:
        return True
    return any(fnmatchcase(name, path) for name in view.under(dirname(path)))


def _copy_directories(state: RoleState, last: Visit, path: str) -> Iterator[str]:
    """The directories of the application that earlier copies put `path` into."""
    for visit in state.visits:
        if visit.index >= last.index or visit.instruction.keyword not in ("COPY", "ADD"):
            continue
        for target in copy_targets(visit) or ():
            if target != path and inside(path, target) and not is_shared_directory(target):
                yield target
