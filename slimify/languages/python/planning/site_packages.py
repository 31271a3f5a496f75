"""The interpreter that the installs of a file are for, and its package directories.

A path is returned only if every install is known to be for that interpreter: a COPY of another version's
directory would fail, or leave the application without its packages.
"""

from __future__ import annotations

import re
from itertools import pairwise

from slimify.analysis.closed_worlds import unknown_start
from slimify.analysis.program import Program
from slimify.analysis.roles.model import Artifact
from slimify.facts.shells import starts_login_shell
from slimify.facts.system import scratch
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import SITE, PythonPlace
from slimify.languages.python.planning.distribution_python import (
    distribution_packages,
    named_version,
    site_installs,
    switches_python,
)
from slimify.languages.python.vocabulary import PythonAction, PythonManager
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.paths import inside, inside_any, overlap

_SYSTEM_PYTHON = regex(r"(?<![\w/])/usr/bin/(?:python|pip)")
_PACKAGES = regex(r"(/.+/lib/python3\.\d+/(?:site|dist)-packages)/")


def site_packages(program: Program) -> tuple[str, ...] | Reason:
    """The directories filled by installs into the system's Python: packages and scripts, or single scripts
    if these are in a shared directory. A reason if they are unknown."""
    named = _from_names(program)
    return (_from_built_image(program) or named) if isinstance(named, Reason) else named


def _from_built_image(program: Program) -> tuple[str, ...] | None:
    """The directories according to an image built from the file: one directory, of an interpreter that no
    system package provides, and its scripts. Bytecode that Python writes for its own library while pip runs
    is ignored."""
    if program.image_evidence is None:
        return None
    sites: set[str] = set()
    rest: set[str] = set()
    for step in program.steps:
        if not any(e.does("install", "python") and SITE in e.writes for e in step.effects):
            continue
        others = [*scratch(), *(c for e in step.effects for c in e.caches)]
        others += [
            p for e in step.effects if not e.does("install", "python") for p in (*e.writes, *e.outputs)
        ]
        for entry in program.image_evidence.files_of(step.instruction):
            found = _PACKAGES.match(entry.path)
            if found:
                sites.add(found[1])
            elif not inside_any(entry.path, others) and "/__pycache__/" not in entry.path:
                rest.add(entry.path)
    if len(sites) != 1:
        return None
    (site,) = sites
    scripts = f"{site.rpartition('/lib/')[0]}/bin"
    if site.startswith("/usr/lib/") or not all(inside(p, scripts) for p in rest):
        return None
    return (site, scripts)


def _from_names(program: Program) -> tuple[str, ...] | Reason:
    """The directories according to the names of the base image and of the interpreters that are called."""
    base = program.base
    unknown = Reason.of("SL393", "site_unknown", base=program.base_ref)
    if base is None:
        return unknown
    if base.language is None:
        return distribution_packages(program, base) or unknown
    own_prefix = base.family in LANGUAGE.words("toolchain.toml", "images", "own_prefix")
    if base.language != "python" or not own_prefix or not base.version:
        return unknown
    minor = ".".join(base.version.split(".")[:2])
    texts = [s.instruction.value for s in program.steps if s.keyword == "RUN"]
    if (
        not base.version_sure
        or any(_SYSTEM_PYTHON.search(text) for text in texts)
        or switches_python(texts, minor)
    ):
        return unknown
    other = any(named_version(e) not in (None, minor, minor[0]) for e in site_installs(program))
    return unknown if other else (f"{base.prefix}/lib/python{minor}/site-packages", f"{base.prefix}/bin")


def has_unknown_start(program: Program) -> bool:
    """Whether the start command is missing, or not everything that it starts is known: it may call an
    installer."""
    starting = LANGUAGE.words("toolchain.toml", "images", "starting")
    own = program.base is not None and program.base.family in starting
    return not (program.runtime_needs.start or own) or unknown_start(program) is not None


def installs_only_installers(program: Program) -> bool:
    """Whether site-packages gets only installers that nothing calls at run time: their results are
    elsewhere (poetry's own environment, uv's .venv)."""
    effects = site_installs(program)
    if has_unknown_start(program):
        return False
    if any(SITE in e.writes for e in program.effects if not e.does("install", "python")):
        return False
    installers = {*LANGUAGE.installers, *LANGUAGE.facts("toolchain.toml")["installers"]["commands"]}
    for effect in effects:
        names = {p.name.lower().replace("_", "-") for p in effect.packages}
        if effect.action not in (PythonAction.INSTALL, PythonAction.ENSUREPIP) or effect.manifests:
            return False
        unnamed = not names and effect.action != PythonAction.ENSUREPIP  # `pip install dist/*`
        if unnamed or not names.issubset(installers):
            return False
    return (
        bool(effects)
        and _installer_programs().isdisjoint(called_or_managing(program))
        and any(m.path not in tuple(PythonPlace) and _python_or_build(m) for m in program.artifacts)
    )


def _installer_programs() -> frozenset[str]:
    """The programs of packages that only install or build others."""
    return frozenset(LANGUAGE.words("toolchain.toml", "building", "programs"))


def _python_or_build(made: Artifact | Effect) -> bool:
    return made.kind == "build" or (made.kind == "install" and made.ecosystem == "python")


def installer_directories(program: Program) -> tuple[frozenset[str], str]:
    """Directories that only a downloaded installer fills and run time does not need; and the name of such
    an installer that run time calls from an unknown place, "" if there is none."""
    toolchains = LANGUAGE.facts("toolchain.toml")["building"]["toolchains"]
    places: set[str] = set()
    others: set[str] = set()
    alive = ""
    names_path = not starts_login_shell(" ".join(program.runtime.argv))
    called = called_or_managing(program)
    for effect in program.effects:
        head, _, name = effect.action.partition(" ")
        programs = toolchains.get(name, "").split() or {name} & _installer_programs()
        if _python_or_build(effect) and head == PythonAction.INSTALL and programs:
            certain = set(effect.writes) - set(effect.possible)
            used = not called.isdisjoint(programs)
            places |= set(effect.possible if used else effect.writes)
            alive = name if used and not (certain and names_path) else alive
        else:
            others |= set(effect.writes)
    return frozenset(p for p in places if not any(overlap(o, p) for o in others)), alive


def called_or_managing(program: Program) -> frozenset[str]:
    """The programs that run time or the final stage calls, and the installers that run at the start."""
    return frozenset((*program.called, *(e.manager for e in program.runtime_needs.start)))


def foreign_interpreter(program: Program) -> Reason | None:
    """Why uv's environment may use a Python that uv downloads and that is not copied; None if it uses the
    image's."""
    base = program.base
    effects = [e for e in program.effects if e.manager == PythonManager.UV or e.tool == "uv"]
    if not any(e.action in (PythonAction.SYNC, PythonAction.VENV, PythonAction.ADD) for e in effects) or any(
        e.action == PythonAction.PYTHON_INSTALL for e in effects
    ):
        return None
    if program.end_state.get("UV_PYTHON_DOWNLOADS") in ("never", "0", "manual") or program.end_state.get(
        "UV_NO_MANAGED_PYTHON"
    ):
        return None
    if base is None or base.language != "python" or not base.version:
        packages = {v.name for v in program.verdicts}
        return None if "python3" in packages else Reason.of("SL393", "own_python")
    minor = ".".join(base.version.split(".")[:2])
    for effect in effects:
        wanted = _requested_version(program, effect)
        if wanted and wanted != minor:
            return Reason.of("SL393", "other_python", version=wanted, image=minor)
    return None


def _requested_version(program: Program, effect: Effect) -> str:
    """The minor version that an option, a variable, or a file of the project requests from uv; "" for
    none."""
    from slimify.languages.python.manifests.project import python_project

    words = [w.value or "" for w in effect.command.words]
    asked = next((b for a, b in pairwise(words) if a in ("--python", "-p")), "")
    asked = asked or program.end_state.get("UV_PYTHON") or ""
    view = program.end_state.view
    if not asked and effect.cwd:
        asked = (view.text(f"{effect.cwd.rstrip('/')}/.python-version") or "").strip()
        path = view.context_path(f"{effect.cwd.rstrip('/')}/pyproject.toml")
        if not asked and path is not None and program.base is not None:
            needed = python_project(view.context, path.rpartition("/")[0]).requires_python or ""
            low = re.search(r"(?:>=|==|~=)\s*3\.(\d+)", needed)
            has = re.match(r"3\.(\d+)", program.base.version or "")
            if low and has and int(low[1]) > int(has[1]):
                return f"3.{low[1]}"
    match = re.match(r"(?:python|cpython-?|cpython@)?(3\.\d+)", asked)
    return match[1] if match else ""
