"""Global installs. Those of package managers are special."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.analysis.brought_programs import installed_programs
from slimify.analysis.roles.model import Artifact, Given
from slimify.languages.node import corepack
from slimify.languages.node.commands.launchers import VERSION_DIRECTORIES
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
    if any(_has_own_directory(e) for e in effects):
        return "build", Reason.of("SL213", "download")
    return None


def installed_regions(given: Given) -> Sequence[Artifact]:
    return (*corepack.needed_cache(given), *corepack.pinned_versions(given), *_versions(given))


def _has_own_directory(effect: Effect) -> bool:
    """Whether it puts a version of Node.js into a directory of its manager: `nvm install`, not `n`."""
    return effect.kind == "install-global" and effect.manager in VERSION_DIRECTORIES


def _versions(given: Given) -> Iterator[Artifact]:
    """These directories, with what the installer of the manager adds for login shells, where run time starts
    one of their programs."""
    nodes = given.graph.nodes
    found = [(n, at, e) for n in nodes for at, e in enumerate(n.effects) if _has_own_directory(e)]
    started = {e.manager for _, _, e in found if installed_programs(e) & given.runtime_commands}
    for node, at, effect in found:
        if effect.manager in started:
            yield from (Artifact(path, node, effect.kind, at) for path in effect.writes)
