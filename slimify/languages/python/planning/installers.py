"""poetry, pipenv and their like in site-packages: taken out in the builder before the directory is copied.

They go by `pip uninstall`, which leaves the user's own commands as they are. What an installer dragged
along goes with it only where lock files name everything else that is installed: pip skips a name that is
not there, but nothing would tell that another package needs it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from msgspec import Struct

from slimify.analysis.packages.module_needs import installed_modules
from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root
from slimify.languages.python.commands.environments import SITE
from slimify.languages.python.manifests.lock_files import pinned_packages
from slimify.languages.python.manifests.project import python_project
from slimify.languages.python.package_facts import Installer, installers, normalised, pypi
from slimify.languages.python.planning.site_packages import unknown_start
from slimify.model.decisions import Decision
from slimify.model.effects import Effect
from slimify.planning.layout import CopyFromBuilder

LOCKED = frozenset({"poetry", "pipenv", "pdm"})
_IN_LINE = 72  # columns of package names that still read well in one line


class TakenOut(Struct, frozen=True, kw_only=True):
    """Instructions for the end of the builder, what is told of them, and the bytes that it is about."""

    tail: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    size: int = 0


def without_installers(program: Program, copies: tuple[CopyFromBuilder, ...]) -> TakenOut:
    """What takes the installers out of the directory of packages that is copied."""
    if not any(t.path.endswith(("/site-packages", "/dist-packages")) for t in copies) or not _by_root(
        program
    ):
        return TakenOut()
    if unknown_start(program):
        return TakenOut()
    found = [(s, e) for s in program.steps for e in s.effects if _installs(e)]
    idle = _idle(program, (e for _, e in found))
    if not idle:
        return TakenOut()
    step, effect = next((s, e) for s, e in found if _names(e) & idle.keys())
    pip = _pip(effect)
    if not pip:
        return TakenOut()
    locked = _locked(program)
    along = [n for i in idle.values() for n in i.companions] if locked is not None else []
    kept = (locked or set()) | _imported(program, along)
    names = list(dict.fromkeys((*idle, *(n for n in along if n not in kept))))
    return TakenOut(
        tail=(_uninstall(pip, names),),
        decisions=(Decision.of("SL347", "installers", safety="assumed", line=step.line, names=tuple(idle)),),
        size=sum(i.size if len(names) > len(idle) else i.alone for i in idle.values()),
    )


def _idle(program: Program, effects: Iterable[Effect]) -> dict[str, Installer]:
    """The installers that pip put into site-packages, less what run time, the sources or another package
    may want."""
    called = (
        set(program.runtime_needs.commands)
        | set(program.final_stage_tools)
        | {e.manager for e in program.runtime_needs.start}
    )
    modules = installed_modules((e for s in program.steps for e in s.effects), program.end_state.view)
    every = {normalised(m.use.name) for m in modules if m.language == "python"}
    main = pinned(program, main=True)
    known = installers()
    names = {n for e in effects for n in _names(e) if n in known}
    names -= called | _imported(program, names) | main
    return {n: known[n] for n in sorted(names) if not (every | main) & set(known[n].wanted_by)}


def _installs(effect: Effect) -> bool:
    return (
        effect.does("install", "python")
        and effect.manager == "pip"
        and effect.action == "install"
        and SITE in effect.writes
    )


def _names(effect: Effect) -> set[str]:
    return {normalised(p.name) for p in effect.packages}


def _by_root(program: Program) -> bool:
    """Whether root installs all along, who may take anything out at the end."""
    return all(is_plain_root(s.state.user) for s in program.steps if any(a.role == "build" for a in s.atoms))


def _pip(effect: Effect) -> str:
    """pip as the file calls it, without its options; "" where it is called by way of something else."""
    words = [w.value or "" for w in effect.command.words]
    if "install" not in words:
        return ""
    head = words[: words.index("install")]
    call = [head[0], *(w for w in head[1:] if w == "-m" or not w.startswith("-"))]
    plain = len(call) == 1 or call[1:] == ["-m", "pip"]
    managed = " --break-system-packages" if "--break-system-packages" in words else ""
    return f"{' '.join(call)} uninstall -y{managed}" if plain and call[0] != "sudo" else ""


def _locked(program: Program) -> set[str] | None:
    """The names of all lock files; None where something is installed that none of them covers."""
    names = pinned(program)
    if not names:
        return None
    made = {
        w for s in program.steps for e in s.effects if e.manager in LOCKED for w in (*e.writes, *e.outputs)
    }
    for step in program.steps:
        for effect in step.effects:
            if SITE not in effect.writes or not effect.does("install", "python") or effect.manager in LOCKED:
                continue
            lists = effect.manifests and set(effect.manifests) <= made
            if not lists and (
                effect.manifests or effect.reads or not _names(effect) <= _ALONE | installers().keys()
            ):
                return None
    return names


_ALONE = frozenset({"pip", "setuptools", "wheel"})  # they need nothing


def pinned(program: Program, *, main: bool = False) -> set[str]:
    """What the lock files pin that the installs of the file read; `main`: less what only developing needs."""
    view = program.end_state.view
    names: set[str] = set()
    directories: set[str] = set()
    for step in program.steps:
        for effect in step.effects:
            for manifest in effect.manifests if effect.manager in LOCKED else ():
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


def _uninstall(pip: str, names: list[str]) -> str:
    line = f"RUN {pip} {' '.join(names)}"
    if len(line) <= _IN_LINE:
        return line
    rows: list[str] = [""]
    for name in names:
        if len(rows[-1]) + len(name) > _IN_LINE:
            rows.append("")
        rows[-1] = f"{rows[-1]} {name}".strip()
    return f"RUN {pip} \\\n        " + " \\\n        ".join(rows)
