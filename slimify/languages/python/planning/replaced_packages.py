"""The package directory of the final base is removed before the builder's is copied if they may differ.

A COPY of site-packages adds files to those of the base. An older release of pip or setuptools would leave
its metadata there, and modules that the newer one no longer has; which release is found would be undefined.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import partial

from slimify.analysis.program import Program
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.project import python_project
from slimify.languages.python.manifests.requirements import Requirement, requirements
from slimify.languages.python.package_facts import normalised
from slimify.languages.python.planning.distribution_python import site_installs
from slimify.languages.python.planning.installers import LOCKED, pinned_names
from slimify.languages.python.vocabulary import PythonManager
from slimify.model.decisions import Decision
from slimify.model.effects import Action, Effect
from slimify.model.regex import regex
from slimify.model.versions import version_numbers
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import covers, inside

_LAST_WITH_ALL = 11  # the last minor version with setuptools and wheel in its images
_REINSTALL = regex(r"--(?:upgrade|force-reinstall|ignore-installed)|-[a-zA-Z]*[UI][a-zA-Z]*")
_LISTS = (".txt", ".in", ".pip")
_VERSION = regex(r"[=<>~!@]")


def remove_overlaid(
    program: Program, copies: tuple[CopyFromBuilder, ...], kept: tuple[str, ...]
) -> tuple[Mapping[int, tuple[str, ...]], tuple[Decision, ...]]:
    """The instruction that removes the directory in the final stage, by the step whose copies it precedes,
    and its decision. `kept` are packages that the user wants as the builder has them, whether or not a step
    names them."""
    base = program.base
    if base is None or base.language != LANGUAGE.name or not base.version:
        return {}, ()
    major, minor = (*version_numbers(base.version), 0, 0)[:2]
    site = f"{base.prefix}/lib/python{major}.{minor}/site-packages"
    copy = next((t for t in copies if t.path in (base.prefix, site)), None)
    if copy is None:
        return {}, ()
    bare = base.family in LANGUAGE.words("toolchain.toml", "images", "bare")
    if bare and (_handled_by_file(program, site) or not _may_differ(program, minor, kept)):
        return {}, ()
    line = program.dockerfile.instructions[copy.after].line
    decision = Decision.of("SL348", "replaced", line=line, path=site)
    return {copy.after: (f"RUN rm -rf {site}",)}, (decision,)


def _may_differ(program: Program, minor: int, kept: tuple[str, ...]) -> bool:
    """Whether the builder may have other releases of the installers that the image brings: by name, or as the
    requirement of a package. No package requires a newer pip than the image's."""
    brought = LANGUAGE.words("toolchain.toml", "images", "installers")
    if minor <= _LAST_WITH_ALL and not all(map(partial(_is_complete, program), site_installs(program))):
        return True
    changed = {*_changed_packages(program), *kept}
    return not changed.isdisjoint(brought if minor <= _LAST_WITH_ALL else brought[:1])


def _is_complete(program: Program, effect: Effect) -> bool:
    """Whether all that an install brings is known: from a lock file, a list with hashes (which pip demands of
    each package then), without requirements, or packages that require no installers."""
    locked = effect.manager in LOCKED and bool(pinned_names(program))
    if (
        locked
        or effect.action == Action.UNINSTALL
        or any(w.value == "--no-deps" for w in effect.command.words)
    ):
        return True
    if not all(path.endswith(_LISTS) for path in effect.manifests):
        return False
    listed = tuple(_listed(program, effect))
    if listed and not effect.packages and all("--hash" in r.raw for r in listed):
        return True
    known = LANGUAGE.words("toolchain.toml", "requirements", "without_installers")
    names = {normalised(p.name) for p in effect.packages} | {r.name for r in listed}
    return bool(names) and names <= {*known, *LANGUAGE.words("toolchain.toml", "images", "installers")}


def _changed_packages(program: Program) -> Iterator[str]:
    """Packages whose release an install into the image's Python changes, or that it removes: upgraded,
    named with a version, or locked."""
    for effect in site_installs(program):
        words = (word.value or "" for word in effect.command.words)
        anew = effect.action == Action.UNINSTALL or any(map(_REINSTALL.fullmatch, words))
        yield from (normalised(p.name) for p in effect.packages if anew or _VERSION.search(p.text))
        yield from (r.name for r in _listed(program, effect) if anew or r.specifier or r.url)
        if effect.manager in LOCKED:
            yield from pinned_names(program)


def _listed(program: Program, effect: Effect) -> Iterator[Requirement]:
    context = program.context
    for path in map(program.end_state.view.context_path, effect.manifests):
        if path is not None and path.endswith(_LISTS):
            yield from requirements(context, path)
        elif path is not None:
            yield from python_project(context, posixpath.dirname(path)).dependencies


def _handled_by_file(program: Program, site: str) -> bool:
    """Whether the final stage itself calls pip, or removes package files."""

    def own(path: str) -> bool:
        return inside(path, site) or covers(posixpath.dirname(path), site)

    final = (effect for _, atom, effect in program.commands if atom.role != "build")
    return any(e.manager == PythonManager.PIP or any(map(own, e.deletes)) for e in final)
