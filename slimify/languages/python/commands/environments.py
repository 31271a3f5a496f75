"""The Python environment that an installer writes to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from slimify.context.values import table, toml_of
from slimify.facts.system import is_root, on_default_path
from slimify.languages.python import LANGUAGE
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, NamedPlace, Package
from slimify.semantics.effects.call import Arg, Call, Options, literal_arg, package
from slimify.semantics.effects.state import State, absolute
from slimify.semantics.paths import ancestors


class PythonPlace(NamedPlace):
    """Where pip installs for the current system interpreter."""

    SITE = "@site-packages"  # site-packages
    BIN = "@bin"  # the directory of its scripts
    SHARE = "@share"  # data that distributions have beside their packages
    ETC = "@etc"
    LIB = "@lib"
    PREFIX = "@prefix"  # the directory that all of these are in


SITE, BIN = PythonPlace.SITE, PythonPlace.BIN
DATA = (PythonPlace.SHARE, PythonPlace.ETC, PythonPlace.LIB, PythonPlace.PREFIX)
TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")


def active_venv(state: State) -> str | None:
    """The virtual environment whose bin comes first in PATH."""
    for entry in (state.get("PATH") or "").split(":"):
        directory, _, last = entry.rstrip("/").rpartition("/")
        if on_default_path(entry):
            return None
        if last != "bin" or not directory.startswith("/"):
            continue
        made = any(s.startswith("venv ") for s in state.settings)  # so names are no evidence
        if (
            f"venv {directory}" in state.settings
            or (directory in (state.get("VIRTUAL_ENV"), state.get("CONDA_PREFIX")) and not made)
            or (_is_venv_bin(directory) and not made)
        ):
            return directory
    return None


def _is_venv_bin(directory: str) -> bool:
    return bool(
        re.search(
            r"/(?:\.?v?env|virtualenv|py-?env|[\w.-]*venv[\w.-]*|\.?virtualenvs?/[^/]+|(?:mini|ana|micro)?(?:conda|forge)3?)\Z",
            directory,
        )
    )


def environment(call: Call) -> tuple[Arg | str, ...]:
    """The directories that the current interpreter installs to."""
    path = absolute(call.path, call.state) if "/" in call.path else None
    programs = posixpath.dirname(path) if path is not None else ""
    if posixpath.basename(programs) == "bin" and not on_default_path(programs):
        return (posixpath.dirname(programs),)
    venv = active_venv(call.state)
    if venv is not None:
        return (venv,)
    # pip falls back to a user install if site-packages is not writable
    return (SITE, BIN) if is_root(call.state.user) else (call.word(".local"),)


def with_data(
    call: Call, writes: tuple[Arg | str, ...], packages: Iterable[Package], manifests: Iterable[str]
) -> tuple[Arg | str, ...]:
    """The directories that an install writes to, with those of the data that the projects which it installs
    declare, and that some of the distributions which it names or lists have beside their packages."""
    if SITE not in writes or LANGUAGE.packages is None:
        return writes
    from slimify.languages.python.packages import data_directories

    found = {f"@{name}" for name in data_directories(call.state.view, packages, manifests)}
    if not found <= set(DATA):
        found = {PythonPlace.PREFIX}
    return (*writes, *(place for place in DATA if place in found))


def install_target(call: Call, options: Options, manager: str) -> tuple[Arg | str, ...]:
    """The directories that an installer with pip's options writes to."""
    given = options.last("-t", "--target") or options.last("--prefix") or options.last("--root")
    if given is not None:
        return (given,)
    variable = call.state.get("PIP_TARGET") or call.state.get("PIP_PREFIX")
    if variable and manager == "pip":
        return (variable,)
    if options.has("--user") or (manager == "pip" and call.state.get("PIP_USER") in ("1", "true", "yes")):
        return (call.word(".local", "PYTHONUSERBASE"),)
    if manager == "uv":
        return _uv_target(call, options)
    python = options.value("--python") or ""
    where = absolute(python, call.state) if "/" in python else None
    return environment(call) if where is None else (_prefix_of(where),)


def cloned_sources(
    call: Call, options: Options, where: Iterable[Arg | str], manifests: Iterable[str], *, named: bool = False
) -> tuple[Arg | str, ...]:
    """Where pip clones what is installed from a repository, and imported from there: editable requirements
    of manifests, or with `named` of the command line. In an environment of its own, src/ lies in that
    (pip.pypa.io, VCS Support, Editable VCS installs)."""
    from slimify.languages.python.packages import has_editable_clones

    view = call.state.view
    paths = filter(None, map(view.context_path, manifests))
    if not (named or any(has_editable_clones(view.context, path) for path in paths)):
        return ()
    told = options.last("--src") or call.state.get("PIP_SRC")
    return (told,) if told else ("src",) if SITE in where else ()


def _uv_target(call: Call, options: Options) -> tuple[Arg | str, ...]:
    """uv pip: --system, else the active environment, else .venv of the working directory."""
    python = options.last("--python", "-p")
    path = (python.value or "") if python is not None else ""
    if path.startswith("/") and not on_default_path(posixpath.dirname(path)):
        return (_prefix_of(path),)
    system = options.has("--system") or (call.state.get("UV_SYSTEM_PYTHON") or "") in ("1", "true", "yes")
    if system or python is not None:
        return (SITE, BIN)
    return (call.state.get("VIRTUAL_ENV") or active_venv(call.state) or ".venv",)


def _prefix_of(python: str) -> str:
    """The environment of an interpreter."""
    return re.sub(r"/bin/python[\d.]*\Z", "", python)


# The file by which a tool finds the project whose environment it uses.
_PROJECT = {"poetry": "pyproject.toml", "pdm": "pyproject.toml", "uv": "pyproject.toml", "pipenv": "Pipfile"}
_SCRIPTS = {"pipenv": ("scripts",), "pdm": ("tool", "pdm", "scripts")}  # where it has commands of the project


def run_in_environment(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """The effects of what `poetry run`, `uv run` and `conda run` start: a program, or a Python file."""
    if not words or words[0].value is None:
        return call.unknown(Reason.of("SL221", "started"))
    script = _script(call, words[0].value)
    if script:
        text = " ".join([script, *(w.text for w in words[1:])])
        effects = call.run(text, call.state, "script", call.name, words[0].value)
    else:
        effects = call.start((literal_arg("python"), *words) if words[0].value.endswith(".py") else words)
    project = project_files(call, _PROJECT[call.name]) if call.name in _PROJECT else ()
    return tuple(replace(e, tools=(*e.tools, call.name), reads=(*e.reads, *project)) for e in effects)


def project_files(call: Call, *names: str) -> tuple[str, ...]:
    """The files by which a tool finds the project: in the working directory, and in those above it that have
    them, where the root of a workspace may be (docs.astral.sh/uv/concepts/projects/workspaces)."""
    view, cwd = call.state.view, call.state.cwd
    places = ancestors(cwd) if cwd is not None else ()
    found = tuple(filter(view.context_path, (posixpath.join(at, name) for at in places for name in names)))
    here = call.known_paths(names)
    return found if found else here


def project_directory(call: Call, file: str) -> str:
    """Where a tool keeps what is the project's, such as an environment in the project: the directory of the
    next such file here or above, as poetry, pipenv and pdm look for it. "" for the working directory."""
    return next(map(posixpath.dirname, project_files(call, file)), "")


def _script(call: Call, name: str) -> str:
    """The command of a script that pipenv or pdm runs by its name, "" if there is none of that name
    (pipenv.pypa.io, Custom Script Shortcuts; pdm-project.org, User Scripts)."""
    keys = _SCRIPTS.get(call.name)
    path = absolute(_PROJECT[call.name], call.state) if keys else None
    found = toml_of(call.state.view.text(path) if path is not None else None)
    script = table(found, *(keys or ())).get(name)
    if isinstance(script, Mapping):
        script = script.get("cmd") or script.get("shell")
    return script if isinstance(script, str) else ""


def named_packages(words: tuple[Arg, ...]) -> tuple[Package, ...]:
    """The packages named by words such as `name[extra]>=1`; paths are not packages."""
    found = []
    for arg in words:
        match = re.match(r"[A-Za-z0-9][\w.-]*", arg.value or "")
        if match and not (arg.value or "").startswith((".", "/")):
            found.append(package(arg, match[0]))
    return tuple(found)


def with_venv(call: Call, state: State) -> State:
    """The state after creating a virtual environment, with its directory recorded."""
    words = call.options(("-p", "--python", "--prompt")).operands
    for path in call.known_paths([w for w in words if w.value not in ("venv",)]) or (
        call.known_paths((".venv",)) if call.name == "uv" else ()
    ):
        state = state.with_setting(f"venv {path}", "1")
    return state
