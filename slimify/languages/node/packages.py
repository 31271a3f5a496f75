"""Packages that npm, yarn and pnpm install: see `Packages` in languages/parts.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from slimify.facts.images import ImageFacts
from slimify.facts.packages import starts
from slimify.languages.node import LANGUAGE
from slimify.languages.node.package_facts import NpmFacts, loaders, npm
from slimify.languages.node.package_facts import packages_leaving as leaving
from slimify.languages.node.package_facts import possible_programs as programs
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.model.sources import Module, Use
from slimify.semantics.context_files import ContextView

if TYPE_CHECKING:
    from slimify.languages.node.manifests.package_json import NodeProject

__all__ = ["leaving", "programs"]

_INSTALL = regex(r"\b(?:npm|yarn|pnpm)\s+(?:install|add|i)\b")
_LISTS = regex(r'"\w*[dD]ependencies(Meta)?"\s*:\s*\{[^}]*\}')
_OWN_MANIFEST = regex(r"(?:^|/)node_modules/((?:@[^/]+/)?[^/@]+)/package\.json\Z")
manifests = r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml)$|(^|/)node_modules/"


def package_facts(name: str, newest: str | None = None) -> NpmFacts:
    return npm(name)


def pinned_release(text: str) -> str | None:
    return None


def listed_packages(view: ContextView, path: str, *, development: bool = False) -> Iterator[Module]:
    """The dependencies of a package.json, and those of theirs that are known to start programs, unless only
    tools require them: what a tool starts is needed where it is started itself."""
    from slimify.languages.node.manifests.lock_files import (
        is_live,
        lock_packages,
        locked_programs,
        required_packages,
    )
    from slimify.languages.node.manifests.package_json import installed_projects, node_project

    directory, _, name = path.rpartition("/")
    project = node_project(view.context, directory) if name == "package.json" else None
    if project is None:
        return
    locked = lock_packages(view.context, project)
    projects = installed_projects(view.context, project) if development else (project,)
    for own in projects:
        for dependency in own.dev_dependencies if development else own.dependencies:
            if development and is_live(project, locked, dependency):
                continue
            use = Use(name=dependency, file=own.path, line=0)
            bins = locked_programs(locked, dependency) or ()
            yield Module(use=use, language=LANGUAGE.name, programs=bins)
    asked = {name for own in installed_projects(view.context, project) for name in _asked(own)}
    tools = {name for name in asked if not npm(name).commands and any(map(starts, programs(name)))}
    by_tools = required_packages(locked, tools) - required_packages(locked, asked - tools)
    for name in (n for n in locked if n not in by_tools) if not development else ():
        if not locked[name].dev and npm(name).known and npm(name).commands:
            use = Use(name=name, file=project.path, line=0)
            yield Module(use=use, language=LANGUAGE.name, required=True)


def _asked(project: NodeProject) -> Iterator[str]:
    yield from (*project.dependencies, *project.dev_dependencies, *project.optional_dependencies)


def package_at(path: str) -> str:
    found = _OWN_MANIFEST.search(path)
    return found[1] if found else ""


def providers(module: str) -> tuple[str, ...]:
    return (module,)


def standard_libraries(module: str) -> tuple[str, ...]:
    return ()


def is_compiled(name: str, version: str | None, base: ImageFacts | None) -> bool:
    known = npm(name)
    return known.prebuilt == "none" or (base is not None and base.libc == "musl" and not known.musl)


def may_compile(effect: Effect, before: Sequence[Effect]) -> bool:
    """A global install may, unless all its packages are known to need no compiler. A link to a project that
    is installed already compiles nothing."""
    if effect.action == "link" and not any(p.text for p in effect.packages):
        return not any(e.does("install", LANGUAGE.name) and e.cwd == effect.cwd for e in before)
    known = [npm(p.name) for p in effect.packages]
    plain = bool(known) and all(f.known and f.prebuilt is None for f in known)
    return effect.kind == "install-global" and not plain


def names_packages(text: str) -> bool:
    return _INSTALL.search(text) is not None


def without_dependency_lists(path: str, text: str) -> str:
    """package.json without its lists of dependencies."""
    return _LISTS.sub("", text) if path.endswith("package.json") else text


def aliases(name: str) -> Iterator[str]:
    """The name, and those of packages that load it."""
    yield from (name, *programs(name), *loaders(name))


def is_imported(name: str, text: str) -> bool:
    """Never: a package is imported by its own name, which `aliases` contains."""
    return False
