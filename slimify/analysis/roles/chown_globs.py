"""chown and chmod with a glob (`chown -R app /home/app/*`). The shell expands it, and the command fails if
nothing matches.

Before an install such a glob often matches only manifests, which the final stage does not have.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from slimify.analysis.roles.role_state import RoleState, assign_role, final_stage_paths
from slimify.model.decisions import Reason, Role
from slimify.model.effects import Effect
from slimify.semantics.walk import Visit

_BUILD_ROLES: tuple[Role, ...] = ("build",)
_FINAL_ROLES: tuple[Role, ...] = ("run", "both", "unknown")


def assign_chown_globs(
    state: RoleState, copies: Mapping[int, Role], placed: Mapping[int, tuple[str, ...]]
) -> None:
    """Assigns a command to the build if its globs match only files of the build. The role is unknown if a
    glob also matches a directory that the final stage creates and no later step sets its owner. `copies` are
    the roles of COPY and ADD, `placed` the paths each of them creates."""
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            key = (visit.index, number)
            patterns = _chown_globs(effects) if state.atoms[key] == "run" else ()
            here = {i: paths for i, paths in placed.items() if i < visit.index}
            gone = {p: _matched_copies(p, here, copies, _BUILD_ROLES) for p in patterns}
            if not any(gone.values()):
                continue
            parents = [p for p, found in gone.items() if any(_depth(m) > _depth(p) for m in found)]
            if not all(_is_set_later(state, visit, p) for p in parents):
                assign_role(state, key, "unknown", Reason.of("SL221", "pattern"))
            elif not any(_matched_copies(p, here, copies, _FINAL_ROLES) for p in patterns) and not any(
                _matches(made, p) for made in final_stage_paths(state, key) for p in patterns
            ):
                assign_role(state, key, "build", Reason.of("SL217", "changes_files"))


def _chown_globs(effects: Sequence[Effect]) -> tuple[str, ...]:
    """The globs of a command that only changes owners or modes; empty if it also names a plain path."""
    paths = tuple(w for e in effects for w in e.writes)
    plain = {e.kind for e in effects} <= {"meta", "check"}
    return paths if plain and all("*" in p for p in paths) else ()


def _matched_copies(
    pattern: str, placed: Mapping[int, tuple[str, ...]], copies: Mapping[int, Role], roles: Collection[Role]
) -> tuple[str, ...]:
    """The paths that a glob matches among files copied by a COPY of one of these roles."""
    return tuple(
        m for i, paths in placed.items() if copies[i] in roles for m in paths if _matches(m, pattern)
    )


def _is_set_later(state: RoleState, visit: Visit, pattern: str) -> bool:
    """Whether a later step sets the owner or mode of what the glob matches."""
    later = (e for v in state.visits if v.index > visit.index for atom in v.effects for e in atom)
    return any(w == pattern or _matches(w, pattern) for e in later if e.kind == "meta" for w in e.writes)


def _matches(path: str, pattern: str) -> bool:
    """Whether the glob matches a path or one of its parent directories."""
    parts = path.split("/")[: _depth(pattern) + 1]
    return len(parts) == _depth(pattern) + 1 and fnmatchcase("/".join(parts), pattern)


def _depth(path: str) -> int:
    return posixpath.normpath(path).count("/")
