"""Owners and modes by a pattern (`chown -R app /home/app/*`): a shell hands on what it finds, and the command
fails where it finds nothing.

In front of an install such a pattern often finds nothing but manifests, which the final stage does not have.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from slimify.analysis.roles.role_state import RoleState, assign_role, final_stage_paths
from slimify.model.decisions import Reason, Role
from slimify.model.effects import Effect
from slimify.semantics.walk import Visit

_BUILD: tuple[Role, ...] = ("build",)
_FINAL: tuple[Role, ...] = ("run", "both", "unknown")


def assign_chown_globs(
    state: RoleState, copies: Mapping[int, Role], placed: Mapping[int, tuple[str, ...]]
) -> None:
    """Gives what a pattern finds in the builder only to the builder; where it finds a directory that is made
    anew in the final stage, and nothing gives that its owner later, nobody knows. `copies` are the roles of
    COPY and ADD, `placed` the paths that each brings."""
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            where = (visit.index, number)
            patterns = _patterns(effects) if state.atoms[where] == "run" else ()
            here = {i: paths for i, paths in placed.items() if i < visit.index}
            gone = {p: _brought(p, here, copies, _BUILD) for p in patterns}
            if not any(gone.values()):
                continue
            parents = [p for p, found in gone.items() if any(_depth(m) > _depth(p) for m in found)]
            if not all(_again(state, visit, p) for p in parents):
                assign_role(state, where, "unknown", Reason.of("SL221", "pattern"))
            elif not any(_brought(p, here, copies, _FINAL) for p in patterns) and not any(
                _found(made, p) for made in final_stage_paths(state, where) for p in patterns
            ):
                assign_role(state, where, "build", Reason.of("SL217", "changes_files"))


def _patterns(effects: Sequence[Effect]) -> tuple[str, ...]:
    """The patterns of a command that only changes owners or modes; none if it names a path as well."""
    paths = tuple(w for e in effects for w in e.writes)
    plain = {e.kind for e in effects} <= {"meta", "check"}
    return paths if plain and all("*" in p for p in paths) else ()


def _brought(
    pattern: str, placed: Mapping[int, tuple[str, ...]], copies: Mapping[int, Role], roles: Collection[Role]
) -> tuple[str, ...]:
    """What a pattern finds of the files that came with a COPY of one of these roles."""
    return tuple(m for i, paths in placed.items() if copies[i] in roles for m in paths if _found(m, pattern))


def _again(state: RoleState, visit: Visit, pattern: str) -> bool:
    """Whether a later step gives an owner or a mode to what the pattern finds."""
    later = (e for v in state.visits if v.index > visit.index for atom in v.effects for e in atom)
    return any(w == pattern or _found(w, pattern) for e in later if e.kind == "meta" for w in e.writes)


def _found(path: str, pattern: str) -> bool:
    """Whether a path, or a directory that it lies in, is what a shell finds for the pattern."""
    parts = path.split("/")[: _depth(pattern) + 1]
    return len(parts) == _depth(pattern) + 1 and fnmatchcase("/".join(parts), pattern)


def _depth(path: str) -> int:
    return posixpath.normpath(path).count("/")
