"""What installed packages need of the system when they run: programs and shared libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from slimify.facts.carried import carried
from slimify.facts.images import ImageFacts
from slimify.facts.languages import compiles, npm, pypi, runtime_packages
from slimify.model.effects import INSTALLS, Effect
from slimify.model.sources import Use
from slimify.semantics.context_files import View

_PINNED = re.compile(r"===?\s*([\w.]+)")


class Module(Struct, frozen=True, kw_only=True):
    """A package from PyPI or npm that is installed, with the place that says so."""

    use: Use
    kind: str  # python, node
    version: str | None = None  # where it is pinned


class Needs(Struct, frozen=True, kw_only=True):
    """Commands and system packages, each with the module that needs it; `unresolved` libraries and
    header packages whose runtime package in this release is not known."""

    commands: Mapping[str, Use]
    packages: Mapping[str, Use]
    unresolved: Mapping[str, Use]


def installed_modules(effects: Iterable[Effect], view: View) -> tuple[Module, ...]:
    """The packages that RUN steps install, as far as commands and manifests name them."""
    found: dict[str, Module] = {}
    for effect in effects:
        if effect.kind not in INSTALLS or effect.action in ("venv", "uninstall"):
            continue
        kind = effect.ecosystem
        for package in effect.packages:
            use = Use(name=package.name, file="Dockerfile", line=0)
            pin = _PINNED.search(package.text)
            found.setdefault(use.name, Module(use=use, kind=kind, version=pin[1] if pin else None))
        for manifest in effect.manifests:
            path = view.context_path(manifest)
            for module in _of_manifest(view, path, kind) if path is not None else ():
                found.setdefault(module.use.name, module)
    return tuple(found.values())


def _of_manifest(view: View, path: str, kind: str) -> Iterable[Module]:
    from slimify.languages.node.manifests.package_json import node_project
    from slimify.languages.python.manifests.project import python_project
    from slimify.languages.python.manifests.requirements import requirements

    directory, _, name = path.rpartition("/")
    if kind == "node":
        project = node_project(view.context, directory) if name == "package.json" else None
        for dependency in project.dependencies if project else ():
            yield Module(use=Use(name=dependency, file=path, line=0), kind=kind)
        return
    listed = requirements(view.context, path) if name.endswith((".txt", ".in", ".pip")) else ()
    for requirement in listed or python_project(view.context, directory).dependencies:
        if requirement.name:
            pin = _PINNED.match(requirement.specifier.strip())
            use = Use(name=requirement.name, file=requirement.file or path, line=requirement.line)
            yield Module(use=use, kind=kind, version=pin[1] if pin else None)


def needs_of(modules: Sequence[Module], base: ImageFacts | None, headers: Iterable[str]) -> Needs:
    """What the modules need at run time on the release of `base`. `headers` are the development
    packages that RUN steps install; those of a full image count, too."""
    commands: dict[str, Use] = {}
    packages: dict[str, Use] = {}
    unresolved: dict[str, Use] = {}
    distro, suite = (base.distro, base.suite) if base else (None, None)
    present = frozenset(headers) | (carried(base).packages if base else frozenset())
    for module in modules:
        facts = pypi(module.use.name) if module.kind == "python" else npm(module.use.name)
        if not facts.known:
            continue
        for command in facts.commands:
            commands.setdefault(command, module.use)
        found, lost = runtime_packages(
            facts.native, distro, suite, compiled=_compiled(module, base), headers=present
        )
        for package in found:
            packages.setdefault(package, module.use)
        for name in lost:
            unresolved.setdefault(name, module.use)
    return Needs(commands=commands, packages=packages, unresolved=unresolved)


def _compiled(module: Module, base: ImageFacts | None) -> bool:
    """Whether it is linked with libraries of the builder; where nothing tells, it is taken to be."""
    libc = base.libc if base else None
    if module.kind == "python":
        python = base.version if base and base.language == "python" else None
        return compiles(pypi(module.use.name), module.version, python, libc) is not False
    facts = npm(module.use.name)
    return facts.prebuilt == "none" or (libc == "musl" and not facts.musl)
