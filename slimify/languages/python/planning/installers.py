"""Removes poetry, pipenv and similar installers from site-packages in the builder, before it is copied.

They are removed by `pip uninstall`, which leaves the user's commands unchanged. Dependencies of an
installer are removed only if lock files list everything else that is installed: pip skips names that are
not installed, but does not notice that another package needs one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from msgspec import Struct

from slimify.analysis.packages.module_needs import installed_modules
from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import SITE
from slimify.languages.python.manifests.lock_files import pinned_packages
from slimify.languages.python.manifests.project import python_project
from slimify.languages.python.package_facts import Installer, installers, normalised, pypi
from slimify.languages.python.planning.distribution_python import site_installs
from slimify.languages.python.planning.site_packages import called_or_managing, has_unknown_start
from slimify.languages.python.vocabulary import PythonAction, PythonManager
from slimify.model.decisions import Decision
from slimify.model.effects import Effect
from slimify.model.sizes import MB
from slimify.planning.layout import CopyFromBuilder

LOCKED = frozenset({PythonManager.POETRY, PythonManager.PIPENV, PythonManager.PDM})
_IN_LINE = 72  # columns of package names that fit on one line


class InstallerRemoval(Struct, frozen=True, kw_only=True):
    """Instructions for the end of the builder, their decisions, and the removed bytes."""

    tail: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    size: int = 0


def without_installers(program: Program, copies: tuple[CopyFromBuilder, ...]) -> InstallerRemoval:
    """The removal of the installers from the copied site-packages."""
    if not any(t.path.endswith(("/site-packages", "/dist-packages")) for t in copies) or not installs_as_root(
        program
    ):
        return InstallerRemoval()
    if has_unknown_start(program):
        return InstallerRemoval()
    found = [(s, e) for s, _, e in program.commands if _installs(e)]
    idle = _unused_installers(program, (e for _, e in found))
    if not idle:
        return InstallerRemoval()
    step, effect = next((s, e) for s, e in found if _names(e) & idle.keys())
    pip = pip_uninstall(effect)
    if not pip:
        return InstallerRemoval()
    locked = _locked_names(program)
    along = [n for i in idle.values() for n in i.companions] if locked is not None else []
    kept = (locked or set()) | _imported(program, along)
    names = list(dict.fromkeys((*idle, *(n for n in along if n not in kept))))
    return InstallerRemoval(
        tail=(uninstall_step(pip, names),),
        decisions=(Decision.of("SL347", "installers", line=step.line, names=tuple(idle)),),
        size=MB * sum(i.size if len(names) > len(idle) else i.alone for i in idle.values()),
    )


def _unused_installers(program: Program, effects: Iterable[Effect]) -> dict[str, Installer]:
    """The installers that pip put into site-packages, except those that run time, the sources or another
    package may need."""
    modules = installed_modules(program.effects, program.end_state.view)
    every = {normalised(m.use.name) for m in modules if m.language == "python"}
    main = pinned_names(program, main=True)
    known = installers()
    names = {n for e in effects for n in _names(e) if n in known}
    names -= called_or_managing(program) | _imported(program, names) | main
    return {n: known[n] for n in sorted(names) if not (every | main) & set(known[n].wanted_by)}


def _installs(effect: Effect) -> bool:
    return (
        effect.does("install", "python")
        and effect.manager == PythonManager.PIP
        and effect.action == PythonAction.INSTALL
        and SITE in effect.writes
    )


def _names(effect: Effect) -> set[str]:
    return {normalised(p.name) for p in effect.packages}


def installs_as_root(program: Program) -> bool:
    """Whether root runs all installs, so that root can remove any package at the end."""
    return all(is_plain_root(s.state.user) for s in program.steps if any(a.role == "build" for a in s.atoms))


def pip_uninstall(effect: Effect) -> str:
    """pip as the file calls it, without its options; "" if it is called through something else."""
    words = [w.value or "" for w in effect.command.words]
    if "install" not in words:
        return ""
    head = words[: words.index("install")]
    call = [head[0], *(w for w in head[1:] if w == "-m" or not w.startswith("-"))]
    plain = len(call) == 1 or call[1:] == ["-m", "pip"]
    managed = " --break-system-packages" if "--break-system-packages" in words else ""
    return f"{' '.join(call)} uninstall -y{managed}" if plain and call[0] != "sudo" else ""


def _locked_names(program: Program) -> set[str] | None:
    """The names in all lock files; None if something is installed that none of them covers."""
    names = pinned_names(program)
    if not names:
        return None
    made = {w for e in program.effects if e.manager in LOCKED for w in (*e.writes, *e.outputs)}
    known = {*LANGUAGE.words("toolchain.toml", "images", "installers"), *installers()}
    for effect in site_installs(program):
        lists = effect.manager in LOCKED or (effect.manifests and set(effect.manifests) <= made)
        if not lists and (effect.manifests or effect.reads or not _names(effect) <= known):
            return None
    return names


def pinned_names(program: Program, *, main: bool = False) -> set[str]:
    """The packages pinned in the lock files that the file's installs read; with `main`, without development
    packages."""
    view = program.end_state.view
    names: set[str] = set()
    directories: set[str] = set()
    for manifest in (m for e in program.effects if e.manager in LOCKED for m in e.manifests):
        path = view.context_path(manifest)
        directories |= {posixpath.dirname(path)} if path is not None else set()
    for directory in directories:
        packages = pinned_packages(view.context, python_project(view.context, directory)).values()
        names |= {p.name for p in packages if not (main and p.groups) or "main" in p.groups}
    return names


def _imported(program: Program, names: Iterable[str]) -> set[str]:
    """Those of the packages that the application's own sources import."""
    modules = {use.name.partition(".")[0] for use in program.runtime_needs.sources.imports}
    return {n for n in names if modules & set(pypi(n).imports)}


def uninstall_step(pip: str, names: Sequence[str]) -> str:
    """The RUN that uninstalls packages."""
    line = f"RUN {pip} {' '.join(names)}"
    if len(line) <= _IN_LINE:
        return line
    rows: list[str] = [""]
    for name in names:
        if len(rows[-1]) + len(name) > _IN_LINE:
            rows.append("")
        rows[-1] = f"{rows[-1]} {name}".strip()
    return f"RUN {pip} \\\n        " + " \\\n        ".join(rows)
