"""Global installs. Those of package managers are special."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.roles.model import Artifact, Given
from slimify.languages.node import corepack
from slimify.languages.node.package_facts import possible_programs
from slimify.model.decisions import Reason, Role
from slimify.model.effects import Effect


def install_role(given: Given, effects: Sequence[Effect]) -> tuple[Role, Reason] | None:
    """The role of corepack's commands: those that install package managers, and those that fill its cache."""
    names = {p.name for e in effects for p in e.packages}
    if "corepack" in names:
        return "both", Reason.of("SL203", "corepack")
    programs = names | {program for name in names for program in possible_programs(name)}
    if programs & given.runtime_commands and any(corepack.fills_cache(e) for e in effects):
        return "build", Reason.of("SL210", "corepack")
    return None


def installed_regions(given: Given) -> Sequence[Artifact]:
    return (*corepack.needed_cache(given), *corepack.pinned_versions(given))
