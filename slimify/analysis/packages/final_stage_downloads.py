"""Files downloaded for an install in the final stage: package files and keys.

The commands that download and delete them have to be executed in the final stage too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from slimify.analysis.roles.role_state import AtomKey
from slimify.facts.system import is_package_file
from slimify.model.decisions import Role
from slimify.model.effects import LEAVES_NOTHING, USES_PACKAGE_LISTS, WORKS_BY_PATH, Effect
from slimify.semantics.paths import inside, overlap
from slimify.semantics.walk import Visit

_DOWNLOAD_KINDS = WORKS_BY_PATH | LEAVES_NOTHING


def final_stage_downloads(
    visits: Sequence[Visit], atoms: Mapping[AtomKey, Role]
) -> Mapping[AtomKey, tuple[str, ...]]:
    """The build atoms that have to be executed with an install of the final stage, each with the paths that
    must not be copied because of that."""
    wanted: list[str] = []
    found: dict[AtomKey, tuple[str, ...]] = {}
    places = [(v.index, n) for v in visits for n in range(len(v.effects))]
    effects = {(v.index, n): atom for v in visits for n, atom in enumerate(v.effects)}
    for key in reversed(places):
        kinds = {e.kind for e in effects[key]}
        if atoms.get(key) in ("run", "both", "unknown") and kinds & USES_PACKAGE_LISTS:
            wanted += [path for e in effects[key] for path in _installed_files(e)]
        writes = tuple(w for e in effects[key] for w in e.writes)
        if (
            atoms.get(key) == "build"
            and kinds <= _DOWNLOAD_KINDS
            and any(overlap(p, w) for p in wanted for w in writes)
        ):
            found[key] = writes
            wanted += [r for e in effects[key] for r in e.reads]
    for key in places:
        deletes = [d for e in effects[key] for d in e.deletes]
        if atoms.get(key) == "build" and any(
            inside(w, d) for ws in found.values() for w in ws for d in deletes
        ):
            found.setdefault(key, ())
    return found


def _installed_files(effect: Effect) -> tuple[str, ...]:
    """The files that an install reads, including package files among its operands."""
    if effect.kind not in USES_PACKAGE_LISTS:
        return ()
    local = [p.name for p in effect.packages if p.name.startswith((".", "/")) or is_package_file(p.name)]
    cwd = effect.cwd or "/"
    return (*effect.reads, *(posixpath.normpath(posixpath.join(cwd, name)) for name in local))
