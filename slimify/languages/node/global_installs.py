"""Installs of programs for every project: those of package managers themselves are special."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.analysis.roles.role_state import Artifact, RoleState
from slimify.languages.node import corepack
from slimify.languages.node.package_facts import npm
from slimify.model.decisions import Reason, Role
from slimify.model.effects import Effect


def role(state: RoleState, effects: Sequence[Effect]) -> tuple[Role, Reason] | None:
    """corepack's: what brings the package managers, and what fills the cache that they are started from."""
    names = {p.name for e in effects for p in e.packages}
    if "corepack" in names:
        return "both", Reason.of("SL203", "corepack")
    programs = names | {program for name in names for program in npm(name).bins}
    if programs & state.runtime_commands and any(corepack.fills_cache(e) for e in effects):
        return "build", Reason.of("SL210", "corepack")
    return None


def artifacts(state: RoleState) -> Mapping[str, Artifact]:
    return corepack.filled(state)
