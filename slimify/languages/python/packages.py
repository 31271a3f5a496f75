"""Packages that pip and similar tools install: see `Packages` in languages/parts.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from slimify.context.scan import Context
from slimify.facts.images import ImageFacts
from slimify.languages.python import LANGUAGE
from slimify.languages.python.package_facts import (
    data_places,
    install_compiles,
    loaders,
    normalised,
    pypi,
    standard_libraries,
)
from slimify.languages.python.package_facts import distributions as providers
from slimify.languages.python.package_facts import packages_leaving as leaving
from slimify.languages.python.package_facts import pypi as package_facts
from slimify.languages.python.vocabulary import PythonManager
from slimify.model.effects import Effect, Package
from slimify.model.regex import regex
from slimify.model.sources import Module, Use
from slimify.semantics.context_files import ContextView

if TYPE_CHECKING:
    from slimify.languages.python.manifests.requirements import Requirement
    from slimify.semantics.effects.state import State

__all__ = ["leaving", "package_facts", "providers", "standard_libraries"]

_PINNED = regex(r"===?\s*([\w.]+)")
_LIMITED = regex(r"(?:===?|~=|<=?)\s*([\w.]+)")
_OWN_MANIFEST = regex(r"(?:^|/)site-packages/([^/]+?)-[\w.+!]+\.dist-info/METADATA\Z")
_PROJECT = regex(r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg))\Z")
_INSTALL = regex(r"\bpip3?\s+(?:install|add|i)\b")
_CPU_BUILDS = regex(r"\d\+cpu\b|/whl/cpu\b|(?i:\btorch[-_]backend[\s=\"']+cpu\b)")
_IMPORT = regex(r"^\s*(?:from|import)\s.*$", re.MULTILINE)

manifests = (
    r"(^|/)(requirements[^/]*|constraints[^/]*|Pipfile[^/]*|pyproject\.toml|setup\.(py|cfg)|environment\.ya?ml)$|"
    r"(^|/)(site-packages|\.venv|venv)/"
)


def programs(name: str) -> tuple[str, ...]:
    return pypi(name).scripts


def pinned_release(text: str) -> str | None:
    found = _PINNED.search(text)
    return found[1] if found else None


def listed_packages(view: ContextView, path: str, *, development: bool = False) -> Iterator[Module]:
    """The packages of a requirements file with its includes, else those of the project in the directory, and
    what its lock file says that they require."""
    from slimify.languages.python.manifests.lock_files import (
        only_for_development,
        pinned_packages,
        required,
    )
    from slimify.languages.python.manifests.project import python_project

    rows = _listed(view.context, path) or ()
    project = python_project(view.context, path.rpartition("/")[0]) if not rows else None
    if development:
        for name in only_for_development(view.context, project) if project is not None else ():
            use = Use(name=name, file=path, line=1)
            yield Module(use=use, language=LANGUAGE.name, programs=(name, *programs(name)), required=True)
        return
    pinned = pinned_packages(view.context, project) if project is not None else {}
    seen: set[str] = set()
    for requirement in rows or (project.dependencies if project is not None else ()):
        for name in required(pinned, (requirement,)):
            if name in seen:
                continue
            seen.add(name)
            limit = _LIMITED.search(requirement.specifier) if name == requirement.name else None
            version = pinned[name].version if name in pinned else limit[1] if limit else None
            use = Use(name=name, file=requirement.file or path, line=requirement.line)
            required_only = name != requirement.name
            yield Module(use=use, language=LANGUAGE.name, version=version, required=required_only)


def has_editable_clones(context: Context, path: str) -> bool:
    """Whether a requirements file, or the project of another manifest, lists an editable requirement that
    lies in a repository."""
    from slimify.languages.python.manifests.project import python_project

    rows = _listed(context, path)
    if rows is None:
        rows = python_project(context, path.rpartition("/")[0]).dependencies
    return any(row.editable and row.url for row in rows)


def _listed(context: Context, path: str) -> tuple[Requirement, ...] | None:
    """What a requirements file lists with its includes; None for another manifest."""
    from slimify.languages.python.manifests.requirements import requirements

    return requirements(context, path) if path.endswith((".txt", ".in", ".pip")) else None


def requested_releases(
    view: ContextView, packages: Iterable[Package], manifests: Iterable[str]
) -> Mapping[str, str | None]:
    """The packages that an install names or its manifests list, by names as indexes compare them, and the
    release that is pinned."""
    found = {normalised(package.name): pinned_release(package.text) for package in packages}
    for path in filter(None, map(view.context_path, manifests)):
        found |= {module.use.name: module.version for module in listed_packages(view, path)}
    return found


def requests_cpu_builds(state: State, effect: Effect) -> bool:
    """Whether a release, an index or a setting of an install asks for builds without CUDA: in its command, in
    its manifests and what they include, or in a variable."""
    from slimify.languages.python.manifests.requirements import read_requirements

    context = state.view.context
    paths = [path for path in map(state.view.context_path, effect.manifests) if path is not None]
    files = {file for path in paths for file in read_requirements(context, path).files}
    texts = (*(context.text(file) or "" for file in files), " ".join(w.text for w in effect.command.words))
    settings = (f"{name}={value}" for name, value in state.env.items())
    return any(map(_CPU_BUILDS.search, (*texts, *settings)))


def data_directories(view: ContextView, packages: Iterable[Package], manifests: Iterable[str]) -> set[str]:
    """The directories of the prefix that get data of the packages and projects that an install requests:
    `share`, `etc`; `prefix` for any."""
    from slimify.languages.python.manifests.data_files import data_targets

    requested = requested_releases(view, packages, manifests).items()
    found = {place for name, release in requested for place in data_places(name, release)}
    for path in filter(None, map(view.context_path, manifests)):
        listed = [row.path for row in _listed(view.context, path) or () if row.path is not None]
        for directory in (*listed, path.rpartition("/")[0]) if _PROJECT.search(path) else listed:
            found |= data_targets(view.context, directory)
    return found - {"bin"}


def package_at(path: str) -> str:
    found = _OWN_MANIFEST.search(path)
    return found[1] if found else ""


def is_compiled(name: str, version: str | None, base: ImageFacts | None) -> bool:
    python = base.version if base and base.language == LANGUAGE.name else None
    return install_compiles(pypi(name), version, python, base.libc if base else None) is not False


def may_compile(effect: Effect, before: Sequence[Effect]) -> bool:
    """Not for packages that pip has wheels of, nor for a repeated install (`uv run` checks what is
    installed)."""
    if effect.kind == "install-global":
        return True
    if any(_covers(e, effect) for e in before):
        return False
    wheels = all(pypi(p.name).wheels != "none" for p in effect.packages)
    return bool(effect.manifests or effect.reads) or not wheels


def _covers(before: Effect, effect: Effect) -> bool:
    """Whether an earlier install of a project brought everything that a later one requests."""
    return (
        before.manager == effect.manager == PythonManager.UV
        and not effect.packages
        and bool(effect.manifests)
        and {*effect.manifests} <= {*before.manifests}
        and {*effect.writes} <= {*before.writes}
        and before.dev >= effect.dev
    )


def names_packages(text: str) -> bool:
    return _INSTALL.search(text) is not None


def without_dependency_lists(path: str, text: str) -> str:
    return text


def aliases(name: str) -> Iterator[str]:
    """The name, and those of packages that load it."""
    known = pypi(name)
    yield from (name, *known.imports, *known.scripts, *loaders(name))


def is_imported(name: str, text: str) -> bool:
    """google-adk is google.adk, google-cloud-monitoring is monitoring_v3 of google.cloud."""
    if pypi(name).known:
        return False
    parts = [p for p in re.split(r"[-_.]", name.lower()) if p not in ("python", "py")]
    return bool(parts) and any(parts[0] in line and parts[-1] in line for line in _IMPORT.findall(text))
