"""The caches of npm and yarn: their size, and the command that removes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from slimify.analysis.program import Program, Step
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.lock_files import lock_packages
from slimify.languages.node.manifests.package_json import node_project
from slimify.languages.node.package_facts import npm
from slimify.languages.node.vocabulary import NodeManager
from slimify.model.effects import INSTALLS, Effect
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.estimates.estimate import INSTALLER_CACHE
from slimify.planning.in_place.cache_cleaning import CacheCleaning, deletes_caches, is_editable, takes_tail
from slimify.semantics.paths import inside_any

_CLEANERS = {"npm": "npm cache clean --force", "yarn": "yarn cache clean"}
NODE_PACKAGE = 250_000  # one package of node_modules
# One package in npm's cache, packed, and what npm asks the registry about it if there is no lock file.
# Measured with npm 10.9, 2026-12-01: 68 packages left 2.2 MB with a lock file and 5.9 MB without, 351 of them
# 25 and 86 MB.
_PACKED_BYTES = 60_000
_ASKED_BYTES = 130_000
_DEPENDENCY_BYTES = 6 * MB  # one direct dependency with its own, without a lock file


def cache_cleanings(program: Program, step: Step, started: frozenset[str]) -> Iterable[CacheCleaning]:
    """The cache of the last installer in a RUN, removed after its last command."""
    tail = cleaning_command(program, step)
    if tail and tail.split()[0] not in started:
        kept = (e for e in step.effects if e.ecosystem == "node" and e.kind in INSTALLS and e.caches)
        saving, project = max(
            ((cache_bytes(program, e), "".join(e.manifests[:1])) for e in kept), default=(0, "")
        )
        yield CacheCleaning(what=f"{tail.split()[0]}'s cache", tail=tail, saving=saving, shared=project)


def needs_mount(program: Program) -> bool:
    """Never: every step can remove its own cache."""
    return False


def mounted_bytes(program: Program) -> int:
    """The bytes that cache mounts keep out of the layers."""
    return estimate.cache_bytes(program, "node", kinds=INSTALLS)


def cleaning_command(program: Program, step: Step) -> str:
    """The command that removes the installer's cache after the last install of a RUN; "" for none."""
    if not is_editable(step):
        return ""
    own = (e for e in step.effects if e.ecosystem == "node")
    if not step.atoms or any(e.kind == "cache" or (e.kind == "install-global" and e.deletes) for e in own):
        return ""
    if not takes_tail(step):
        return ""
    for effect in reversed(step.effects):
        if effect.kind in INSTALLS and effect.caches and effect.manager in _CLEANERS:
            held = any(inside_any(cache, effect.writes) for cache in effect.caches)  # Plug'n'Play runs them
            if held or deletes_caches(step, effect.caches):
                return ""
            return _cleaner(effect)
    return ""


def _cleaner(install: Effect) -> str:
    """The command that cleans the cache of an install, with its place if only the install is told it."""
    row, command = LANGUAGE.facts("toolchain.toml")["caches"][install.manager], install.command
    cleaner, place = _CLEANERS[install.manager], shlex.quote(install.caches[0])
    if any(word.text.partition("=")[0] in row["options"] for word in command.words):
        return f"{cleaner} {row['options'][0]} {place}"
    variable = next((name for name, _ in command.assigns if name in row["variables"]), "")
    return f"{variable}={place} {cleaner}" if variable else cleaner


def installed_bytes(program: Program, effect: Effect) -> int:
    """The bytes of node_modules after an install."""
    from slimify.languages.node.planning.development_needs import modules_bytes
    from slimify.languages.node.planning.prune import project_of

    project = project_of(program, effect)
    return modules_bytes(program, project) if project is not None else 0


def cache_bytes(program: Program, effect: Effect) -> int:
    """The bytes that one install leaves in the cache of npm or yarn, by its direct dependencies. What pnpm
    stores is linked to node_modules."""
    if effect.manager == NodeManager.PNPM:
        return 0
    names, locked, heavy = [p.name for p in effect.packages], 0, 0
    view, inputs = program.end_state.view, {path.rpartition("/")[2] for path in effect.manifests}
    asks = inputs.isdisjoint(
        name for name, kind in LANGUAGE.facts("toolchain.toml")["installs"]["locks"] if kind == "npm"
    )
    for manifest in effect.manifests:
        path = view.context_path(manifest)
        if path is None or not path.endswith("package.json"):
            continue
        project = node_project(view.context, path.rpartition("/")[0])
        if project is None:
            continue
        packages = lock_packages(view.context, project)
        locked += sum(effect.dev or not p.dev for p in packages.values())
        heavy += sum(size for name, size in LANGUAGE.facts("npm.toml")["packed"].items() if name in packages)
        if not packages:
            names += [*project.dependencies, *(project.dev_dependencies if effect.dev else ())]
    if not names and not locked:
        return INSTALLER_CACHE
    packed = _PACKED_BYTES + (_ASKED_BYTES if asks else 0)
    each = NODE_PACKAGE if effect.manager == NodeManager.YARN else packed  # yarn 1 stores packages unpacked
    return _fetched_bytes(names) + locked * each + heavy * MB


def _fetched_bytes(names: Iterable[str]) -> int:
    """The bytes that an install of these packages downloads; shared dependencies count once."""
    sizes = [_DEPENDENCY_BYTES if size is None else size * MB for size in (npm(n).stored for n in names)]
    return min(sum(sizes), max([4 * INSTALLER_CACHE, *sizes]))
