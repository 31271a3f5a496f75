"""A virtual environment instead of site-packages, if the interpreter's minor version changes with the tag.

`python -m venv` before the first install, with its bin first in PATH, makes every later `pip` and `python`
use it. The directory is then copied at a path without a version. This is not done if anything may bypass
PATH: absolute paths of the interpreter, schedulers, and login shells that set their own PATH.
"""

from __future__ import annotations

import re

from slimify.analysis.program import Program, Step
from slimify.facts.images import ImageFacts
from slimify.facts.servers import sets_path
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.environments import SITE, PythonPlace
from slimify.languages.python.vocabulary import PythonManager
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.model.regex import regex
from slimify.model.versions import version_numbers
from slimify.planning.final_stage.rebase import passed_bases

PATH = "/opt/venv"
MAKE = f"RUN python -m venv {PATH}"
ACTIVATE = f'ENV PATH="{PATH}/bin:$PATH"'
_ABSOLUTE = regex(
    r"/usr/local/(?:bin|lib)/(?:python|pip|\w[\w.-]*\.py\b|gunicorn|celery|uwsgi|uvicorn|flask|supervisord|django)|/usr/bin/python\b"
)
_TEXTS = tuple(".py .sh .conf .ini .toml .cfg .yaml .yml .service .cron Procfile crontab".split())


def no_venv(program: Program) -> Reason | None:
    """Why no virtual environment is suitable; None if one is."""
    first = next((m.first for m in program.artifacts if m.path == SITE), None)
    if first is None:
        return _unsuitable(Reason.of("SL393", "no_packages"))
    if any(m.path == PATH for m in program.artifacts):
        return _unsuitable(Reason.of("SL393", "has_venv"))
    bases = (program.base, *passed_bases(program))
    why = next((w for base in bases if (w := _no_able_pip(base))), None)
    if why:
        return _unsuitable(why)
    for step, _, effect in program.commands:
        why = _bypass(step, effect, first)
        if why:
            return _unsuitable(Reason.of("SL393", "step", at=step.line, why=why))
    for name, use in program.runtime_needs.commands.items():
        if sets_path(name) or _ABSOLUTE.match(name):
            return _unsuitable(Reason.of("SL393", "path_ignored", command=name, file=use.file, at=use.line))
    texts = (*program.runtime.argv, program.runtime.healthcheck)
    for step in program.steps:
        value = step.instruction.value
        sets = step.keyword == "ENV" and re.search(r"(?:^|\s)PATH[=\s]", value)
        if sets and not re.search(r"\$\{?PATH", value):
            return _unsuitable(Reason.of("SL393", "env_path", at=step.line))
        if step.keyword in ("ENV", "COPY", "ADD", "RUN") and _ABSOLUTE.search(value):
            return _unsuitable(Reason.of("SL393", "names_directory", at=step.line))
    if any(_ABSOLUTE.search(t) or t in ("-l", "--login", "-lc") for t in texts):
        return _unsuitable(Reason.of("SL393", "start"))
    file = _absolute_in_files(program)
    return _unsuitable(Reason.of("SL393", "file", file=file)) if file else None


def _no_able_pip(base: ImageFacts | None) -> Reason | None:
    """Why `python -m venv` of an image makes no environment whose pip finds what the image's own pip finds;
    None if it does. Since 20.3 pip knows the tags of today's wheels (PEP 600). An image that somebody may
    choose by a build argument (None) may be of any release."""
    if base is None:
        return Reason.of("SL393", "venv_passed")
    version = version_numbers(base.version or "")
    rows = LANGUAGE.facts("toolchain.toml")["venv"]["able"]
    least = min(version_numbers(r) for r in rows)
    row = next((r for r in map(version_numbers, rows) if r[:2] == version[:2]), ())
    if len(version) > 1 and (version[:2] < least[:2] or (len(version) > 2 and version < row)):
        return Reason.of("SL393", "venv_pip", base=base.reference)
    return None


def _unsuitable(why: Reason) -> Reason:
    return Reason.of("SL393", "no_venv", why=why)


def _bypass(step: Step, effect: Effect, first: int) -> Reason | None:
    """Why a command would not use the environment; None if it does."""
    if step.index >= first and effect.kind == "unknown":
        return Reason.of("SL393", "unknown_effects")
    if effect.does("install", "python"):
        if effect.action not in (Action.CHECK, Action.CONFIG) and not _writes_site_packages(effect):
            return Reason.of("SL393", "other_place")
        if effect.manager not in (PythonManager.PIP, PythonManager.PIPENV, ""):
            return Reason.of("SL393", "own_environment", tool=effect.manager)
    if step.index >= first and sets_path(effect.tool):
        return Reason.of("SL393", "sets_path", tool=effect.tool)
    return None


def _writes_site_packages(effect: Effect) -> bool:
    places = [w for w in effect.writes if re.search(r"\A@|packages|/\.local|venv", w)]
    return bool(places) and all(w in tuple(PythonPlace) for w in places)


def _absolute_in_files(program: Program) -> str:
    view = program.end_state.view
    for path in view.context.files:
        name = path.rpartition("/")[2]
        if not (name.endswith(_TEXTS) or "." not in name) or not view.image_paths(path):
            continue
        if _ABSOLUTE.search(view.context.text(path) or ""):
            return path
    return ""
