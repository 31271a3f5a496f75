"""Files of the context that a build step deletes again.

The final stage must not bring back what the user's own image no longer shows: `COPY . .`, then a build
that ends in `rm -rf client`. The directory that was copied is taken from the builder as it is then.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import dirname

from slimify.analysis.copies import copy_targets
from slimify.analysis.roles.role_state import Artifact, RoleState
from slimify.facts.system import is_scratch, is_shared_directory
from slimify.semantics.paths import inside, inside_any
from slimify.semantics.walk import Visit


def pruned_copies(state: RoleState) -> dict[str, Artifact]:
    """Directories that a COPY made and a build step took files out of. None where the language is compiled:
    its program needs no sources beside it."""
    found: dict[str, Artifact] = {}
    if state.own is not None and state.own.compiled:
        return found
    for visit, path in _deleted(state):
        for place in _copied(state, visit, path):
            found[place] = Artifact(path=place, first=visit.index, user=visit.state.user, kind="files")
    return found


def _deleted(state: RoleState) -> Iterator[tuple[Visit, str]]:
    """Each path of the context, in the image, that a build step deletes; one that steps only ever read is
    taken to come with the context, even if it is not in this copy of it."""
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


def _copied(state: RoleState, last: Visit, path: str) -> Iterator[str]:
    """The directories, below none of the system's, that earlier copies put `path` into."""
    for visit in state.visits:
        if visit.index >= last.index or visit.instruction.keyword not in ("COPY", "ADD"):
            continue
        for target in copy_targets(visit) or ():
            if target != path and inside(path, target) and not is_shared_directory(target):
                yield target
