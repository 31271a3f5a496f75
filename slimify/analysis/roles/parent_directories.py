"""Keeps a build-only COPY in the final stage if a later step needs the directory that it creates."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.roles.role_state import Artifact, RoleState
from slimify.facts.system import is_shared_directory
from slimify.model.decisions import Reason, Role
from slimify.model.effects import ADDS_FILES, Effect
from slimify.semantics.paths import inside, overlap
from slimify.semantics.walk import Visit

# Effects that do not create parent directories; mkdir without -p is one of them.
_WRITES_FILES = ADDS_FILES


def keep_parent_directories(
    state: RoleState,
    made: tuple[Artifact, ...],
    copies: dict[int, Role],
    reasons: dict[int, tuple[Reason, ...]],
) -> None:
    """Changes the role of such a COPY to both; the additional files do no harm."""
    there: list[str] = []
    passed: dict[int, tuple[str, ...]] = {}
    for visit in state.visits:
        there += [visit.state.cwd or "/", *(m.path for m in made if m.first == visit.index)]
        if visit.index in copies:
            placed = copy_targets(visit) or ()
            if copies[visit.index] == "build":
                passed[visit.index] = placed
            else:
                there += placed
            continue
        for effect in _final_stage_effects(state, visit):
            for place in required_directories(effect):
                if any(overlap(t, place) for t in there if t != "/"):
                    continue
                maker = next((i for i, p in passed.items() if any(inside(t, place) for t in p)), None)
                if maker is not None:
                    copies[maker] = "both"
                    line = visit.instruction.line
                    reasons[maker] = (Reason.of("SL224", "directory", path=place, at=line),)
                    there += passed.pop(maker)
            there += effect.writes


def _final_stage_effects(state: RoleState, visit: Visit) -> Iterator[Effect]:
    """The effects of a RUN in the final stage."""
    for number, effects in enumerate(visit.effects):
        if state.atoms[(visit.index, number)] != "build":
            yield from effects


def required_directories(effect: Effect) -> Iterator[str]:
    """The directories that have to exist before it: redirections and most programs do not create them."""
    if effect.kind not in _WRITES_FILES:
        return
    if effect.tool in ("mkdir", "install") and any(
        w.text.startswith("-") and "p" in w.text for w in effect.command.words
    ):
        return
    for path in dict.fromkeys(posixpath.dirname(w) for w in effect.writes if w.startswith("/")):
        if not is_shared_directory(path) and not any(ch in path for ch in "*?[$"):
            yield path
