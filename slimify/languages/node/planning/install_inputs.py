"""The context files that an install reads, if all of them are known."""

from __future__ import annotations

import posixpath

from slimify.analysis.program import Program
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.package_json import node_project
from slimify.languages.node.vocabulary import NodeManager
from slimify.model.effects import Effect

_MANAGERS = (NodeManager.NPM, NodeManager.YARN, NodeManager.PNPM)


def install_inputs(program: Program, effect: Effect, brought: frozenset[str]) -> tuple[str, ...] | None:
    """package.json and its lock file, if the install runs no script of the project, links no local
    package, and no package that it installs reads files of the project."""
    if effect.manager not in _MANAGERS or effect.cwd is None or effect.packages:
        return None
    where = program.end_state.view.context_path(effect.cwd)
    project = node_project(program.context, where) if where is not None else None
    if project is None or project.malformed or project.hooks or project.workspaces or project.berry:
        return None
    if project.lock is None or project.lock_dir != project.dir:
        return None
    wanted = {**project.dependencies, **project.dev_dependencies, **project.optional_dependencies}
    if any(
        version.startswith(LANGUAGE.words("toolchain.toml", "installs", "local"))
        for version in wanted.values()
    ):
        return None
    if program.context.has(posixpath.join(project.dir, ".pnpmfile.cjs")) or "patch" in str(project.settings):
        return None
    for package, file, tool in LANGUAGE.facts("toolchain.toml")["installs"]["reading"]:
        later = any(tool in (e.tool, *e.tools) for e in program.effects)
        if package in wanted and program.context.has(posixpath.join(project.dir, file)) and not later:
            return None
    names = ("package.json", *LANGUAGE.words("toolchain.toml", "installs", "reads"))
    return tuple(p for p in (posixpath.join(effect.cwd, n) for n in names) if p in brought)
