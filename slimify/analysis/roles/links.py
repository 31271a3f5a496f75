"""Links to build output: COPY follows a link that it names, so a link is copied with its directory or made
again."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.roles.role_state import RoleState
from slimify.facts.system import is_shared_directory
from slimify.model.effects import CHANGES_SYSTEM_STATE, Action, Effect
from slimify.semantics.paths import inside, inside_any, overlap


def links_outside_trees(state: RoleState, effects: Sequence[Effect]) -> list[str]:
    """The links that no copied directory brings along."""
    trees = [m.path for m in state.artifacts.values() if not m.is_file]
    made = [w for e in effects if e.action == Action.LINK for w in e.writes]
    return [link for link in made if not any(inside(link, t) and link != t for t in trees)]


def directory_to_copy(state: RoleState, links: Sequence[str]) -> str | None:
    """The directory that holds the links and nothing but build output, so that it can be copied whole."""
    directory, *others = {posixpath.dirname(link) for link in links}
    if others or directory == "/" or is_shared_directory(directory):
        return None
    copies = (v for v in state.visits if v.instruction.keyword in ("COPY", "ADD"))
    copied = {p for v in copies for p in copy_targets(v) or ()}
    places = copied | {v.state.cwd or "/" for v in state.visits}
    if any(overlap(place, directory) for place in places if place != "/"):
        return None
    effects = (e for v in state.visits for found in v.effects for e in found)
    below = {w for e in effects for w in (*e.writes, *e.outputs) if inside(w, directory) and w != directory}
    return directory if below <= {*state.artifacts, *links} else None


def sets_capabilities(state: RoleState, effects: Sequence[Effect]) -> bool:
    """Whether it only gives build output capabilities, which a COPY keeps."""
    made = tuple(state.artifacts)
    changes = [e for e in effects if e.kind in CHANGES_SYSTEM_STATE]
    return all(e.tool == "setcap" and all(inside_any(w, made) for w in e.writes) for e in changes)
