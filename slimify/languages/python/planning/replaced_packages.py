"""Packages of the base image that the builder upgraded or removed: removed from the final stage before the
copy.

A COPY of site-packages adds files to those of the base. An older release of pip or setuptools would leave
its metadata there, and modules that the newer one no longer has; which release is found would be undefined.
A base that brings more packages than installers loses the whole directory: the builder's has them all.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

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
from slimify.model.versions import version_numbers
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside

_LAST_WITH_ALL = 11  # the last minor version with setuptools and wheel in its images
_REINSTALL = re.compile(r"--(?:upgrade|force-reinstall|ignore-installed)|-[a-zA-Z]*[UI][a-zA-Z]*")
_VERSION = re.compile(r"[=<>~!@]")


def remove_overlaid(
    program: Program, copies: tuple[CopyFromBuilder, ...], kept: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """The instruction that removes them in the final stage before the copy, and its decision. `kept` are
    packages that the user wants as the builder has them, whether or not a step names them."""
    base = program.base
    if base is None or base.language != LANGUAGE.name or not base.version:
        return (), ()
    major, minor = (*version_numbers(base.version), 0, 0)[:2]
    places = (base.prefix, f"{base.prefix}/lib/python{major}.{minor}/site-packages")
    copy = next((t for t in copies if t.path in places), None)
    if copy is None:
        return (), ()
    line = program.dockerfile.instructions[copy.after].line
    if base.family not in LANGUAGE.words("toolchain.toml", "images", "bare"):
        decision = Decision.of("SL348", "all", line=line, path=places[1])
        return (f"RUN rm -rf {places[1]}",), (decision,)
    installers = LANGUAGE.words("toolchain.toml", "images", "with_installers")
    if base.family not in installers or _handled_by_file(program, places[1]):
        return (), ()
    touched = {*_changed_packages(program), *kept}
    preinstalled = LANGUAGE.words("toolchain.toml", "images", "installers")
    brought = preinstalled if minor <= _LAST_WITH_ALL else preinstalled[:1]
    names = [name for name in brought if name in touched]
    if not names:
        return (), ()
    decision = Decision.of("SL348", "way", line=line, names=tuple(names))
    return (f"RUN pip uninstall -y {' '.join(names)}",), (decision,)


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
        if path is not None and path.endswith((".txt", ".in", ".pip")):
            yield from requirements(context, path)
        elif path is not None:
            yield from python_project(context, posixpath.dirname(path)).dependencies


def _handled_by_file(program: Program, site: str) -> bool:
    """Whether the final stage itself calls pip, or removes package files."""
    final = (effect for _, atom, effect in program.commands if atom.role != "build")
    return any(e.manager == PythonManager.PIP or any(inside(d, site) for d in e.deletes) for e in final)
