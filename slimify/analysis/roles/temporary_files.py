"""Files that one RUN creates and a later RUN deletes again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from slimify.analysis.roles.role_state import RoleState, assign_role
from slimify.model.decisions import Reason
from slimify.model.effects import LEAVES_NOTHING, Effect


def assign_temporary_files(state: RoleState) -> None:
    """Assigns both RUNs to the build if a build step between them uses the file (an .npmrc with a token)."""
    numbered = [(v, n, effects) for v in state.visits for n, effects in enumerate(v.effects)]
    removals: dict[frozenset[str], list[int]] = {}
    for position, (_, _, effects) in enumerate(numbered):
        if _changes_only_files(effects):
            removals.setdefault(frozenset(d for e in effects for d in e.deletes), []).append(position)
    built = [i for i, (v, n, _) in enumerate(numbered) if state.atoms[(v.index, n)] == "build"]
    for position, (visit, number, effects) in enumerate(numbered):
        paths = frozenset(w for e in effects for w in e.writes)
        if state.atoms[(visit.index, number)] != "run" or not _changes_only_files(effects) or not paths:
            continue
        later = removals.get(paths, [])
        at = bisect_right(later, position)
        if at == len(later) or any(visit.state.view.context_path(p) is not None for p in paths):
            continue
        if bisect_right(built, position) == bisect_left(built, later[at]):
            continue
        for one in (position, later[at]):
            made, atom, _ = numbered[one]
            assign_role(state, (made.index, atom), "build", Reason.of("SL217", "temporary"))
            insort(built, one)


def _changes_only_files(effects: Sequence[Effect]) -> bool:
    kinds = {e.kind for e in effects}
    return "files" in kinds and kinds <= LEAVES_NOTHING | {"files"}
