"""What imported modules and installed packages need of the system when they run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slimify.classify.view import View
from slimify.context.manifests import PythonProject
from slimify.model import Effect, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Commands and system packages, each with the module that needs it."""

    commands: Mapping[str, Use]
    packages: Mapping[str, Use]


def installed_modules(effects: Iterable[Effect], view: View, language: str | None) -> tuple[Use, ...]:
    """The packages that RUN steps install from PyPI or npm, as far as manifests and locks name them."""
    found: dict[str, Use] = {}
    for effect in effects:
        if effect.kind not in ("python", "node"):
            continue
        for package in effect.packages:
            found.setdefault(package.name, Use(name=package.name, file="Dockerfile", line=0))
        for manifest in effect.manifests:
            path = view.context_path(manifest)
            if path is None:
                continue
            for use in _of_manifest(view, path, effect.kind):
                found.setdefault(use.name, use)
    return tuple(found.values())


def _of_manifest(view: View, path: str, kind: str) -> Iterable[Use]:
    from slimify.context.manifests import node_project, python_project, requirements

    name = path.rpartition("/")[2]
    directory = path.rpartition("/")[0]
    if kind == "node":
        project = node_project(view.context, directory)
        for dependency in project.dependencies if project else ():
            yield Use(name=dependency, file=path, line=0)
    elif name.endswith((".txt", ".in", ".pip")):
        for requirement in requirements(view.context, path):
            yield Use(name=requirement.name, file=requirement.file, line=requirement.line)
    else:
        for requirement in _declared(python_project(view.context, directory)):
            yield Use(name=requirement, file=path, line=0)


def _declared(project: PythonProject) -> Sequence[str]:
    return [r.name for r in project.dependencies if r.name]


def needs_of(modules: Sequence[Use], language: str | None, distro: str | None, suite: str | None) -> Needs:
    """Commands and packages that the modules are known to need at run time."""
    try:
        from slimify.facts.ecosystem import runtime_needs
    except ImportError:  # TEMP
        return Needs(commands={}, packages={})

    commands: dict[str, Use] = {}
    packages: dict[str, Use] = {}
    for use in modules:
        needed = runtime_needs(use.name, language, distro, suite)
        if needed is None:
            continue
        for command in needed.commands:
            commands.setdefault(command, use)
        for package in needed.packages:
            packages.setdefault(package, use)
    return Needs(commands=commands, packages=packages)
