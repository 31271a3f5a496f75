"""uv, poetry and pipenv: environments of a project, by what their documentation says (2026-11).

python-poetry.org/docs/configuration, pipenv.pypa.io/en/latest/virtualenv.html, docs.astral.sh/uv/concepts
"""

from __future__ import annotations

import json
import posixpath
import tomllib

from tools.generator.simulation.files import Missing
from tools.generator.simulation.options import split_options
from tools.generator.simulation.python import make_venv, pip
from tools.generator.simulation.shell import Shell, Unmodelled, command, run_sub

_PYTHON = "/usr/local/bin/python"


def _install(shell: Shell, place: str, names: list[str]) -> int:
    """Installs into an environment; into that of the system if there is none."""
    python = f"{place}/bin/python" if place else _PYTHON
    if place and not _is_usable(shell, place):
        if shell.files.is_directory(place):
            shell.files.remove(place)
        make_venv(shell, _PYTHON, place)
    return pip(shell, python, ["pip", "install", *names]) if names else 0


def _is_usable(shell: Shell, place: str) -> bool:
    """Whether an environment was made with an interpreter that is here; uv makes any other one anew."""
    settings = f"{place}/pyvenv.cfg"
    if not shell.files.is_file(settings):
        return False
    return shell.files.is_directory(shell.files.text(settings).partition("=")[2].strip())


def _run(shell: Shell, place: str, words: list[str]) -> int:
    """Starts a command in an environment, which is made if it is not there."""
    if not place:
        return run_sub(shell, words)
    if not shell.files.is_file(f"{place}/pyvenv.cfg"):
        make_venv(shell, _PYTHON, place)
    env = {**shell.env, "PATH": f"{place}/bin:{shell.env['PATH']}", "VIRTUAL_ENV": place}
    return run_sub(shell, words, env=env, exported={*shell.exported, "VIRTUAL_ENV"})


def _above(shell: Shell, name: str, text: str = "") -> str:
    """The next directory at or above the working directory whose file of this name holds a text; "" if there
    is none."""
    place = shell.cwd
    while not (shell.files.is_file(f"{place}/{name}") and text in shell.files.text(f"{place}/{name}")):
        if place == "/":
            return ""
        place = posixpath.dirname(place)
    return place


def _data(shell: Shell, place: str, name: str) -> dict[str, object]:
    return tomllib.loads(shell.files.text(f"{place}/{name}"))


def _pinned(rows: object) -> list[str]:
    assert isinstance(rows, dict)
    return [f"{n}=={str(v).lstrip('=')}" for n, v in rows.items() if n != "python"]


# --- poetry


def _poetry_settings(shell: Shell) -> dict[str, str]:
    place = f"{shell.env.get('HOME', '/root')}/.config/pypoetry/config.json"
    saved = json.loads(shell.files.text(place)) if shell.files.is_file(place) else {}
    for name in ("create", "in-project"):
        variable = f"POETRY_VIRTUALENVS_{name.upper().replace('-', '_')}"
        saved[name] = shell.env.get(variable, saved.get(name, ""))
    return dict(saved)


def _poetry_place(shell: Shell) -> str:
    settings = _poetry_settings(shell)
    if shell.env.get("VIRTUAL_ENV"):
        return shell.env["VIRTUAL_ENV"]
    if settings["create"] == "false":
        return ""
    own = f"{_above(shell, 'pyproject.toml')}/.venv"
    if settings["in-project"] == "true" or shell.files.is_file(f"{own}/pyvenv.cfg"):
        return own
    return f"{shell.env.get('HOME', '/root')}/.cache/pypoetry/virtualenvs/app-py3.11"


@command("poetry")
def _poetry(shell: Shell, argv: list[str]) -> int:
    if argv[1] == "config":
        name, value = argv[2].removeprefix("virtualenvs."), argv[3]
        place = f"{shell.env.get('HOME', '/root')}/.config/pypoetry/config.json"
        saved = json.loads(shell.files.text(place)) if shell.files.is_file(place) else {}
        shell.files.add(place, json.dumps({**saved, name: value}))
        return 0
    if not _above(shell, "pyproject.toml"):
        return shell.say("poetry: no pyproject.toml")
    if argv[1] == "run":
        return _run(shell, _poetry_place(shell), argv[2:])
    if argv[1] != "install":
        raise Unmodelled(f"{argv}")
    flags, named, _ = split_options(
        argv, "no-root no-dev no-interaction no-ansi sync no-cache", "only without with"
    )
    tool = _data(shell, _above(shell, "pyproject.toml"), "pyproject.toml")["tool"]["poetry"]  # type: ignore[index]
    names = _pinned(tool["dependencies"])
    if not ("no-dev" in flags or named.get("only") == "main" or "dev" in named.get("without", "")):
        names += _pinned(tool["group"]["dev"]["dependencies"])
    return _install(shell, _poetry_place(shell), names)


# --- pipenv


def _pipenv_place(shell: Shell) -> str:
    own = f"{_above(shell, 'Pipfile')}/.venv"
    if shell.env.get("PIPENV_VENV_IN_PROJECT") or shell.files.is_directory(own):
        return own
    return f"{shell.env.get('HOME', '/root')}/.local/share/virtualenvs/app-1"


@command("pipenv")
def _pipenv(shell: Shell, argv: list[str]) -> int:
    if argv[1] == "run":
        found = _above(shell, "Pipfile")
        if not found:  # it makes one here, and an environment without packages
            shell.files.add(f"{shell.cwd}/Pipfile", "[packages]\n")
            return _run(shell, f"{shell.env.get('HOME', '/root')}/.local/share/virtualenvs/other", argv[2:])
        return _run(shell, _pipenv_place(shell), argv[2:])
    if argv[1] not in ("install", "sync"):
        raise Unmodelled(f"{argv}")
    flags, _, _ = split_options(argv, "system deploy dev ignore-pipfile skip-lock")
    try:
        data = _data(shell, shell.cwd, "Pipfile")
        shell.files.text(f"{shell.cwd}/Pipfile.lock")
    except Missing as error:
        return shell.say(f"pipenv: {error}")
    names = _pinned(data["packages"]) + (_pinned(data["dev-packages"]) if "dev" in flags else [])
    if "system" in flags:  # the first python on PATH
        return pip(shell, shell.find("python") or _PYTHON, ["pip", "install", *names])
    return _install(shell, _pipenv_place(shell), names)


# --- uv


def _with_environment(shell: Shell) -> str:
    """Without a project, it takes the next environment at or above the working directory."""
    return _above(shell, ".venv/pyvenv.cfg") or shell.cwd


@command("uv")
def _uv(shell: Shell, argv: list[str]) -> int:
    project = _above(shell, "pyproject.toml")
    root = _above(shell, "pyproject.toml", "[tool.uv.workspace]") or project or _with_environment(shell)
    own = f"{root}/.venv"
    if argv[1:3] == ["pip", "install"]:
        if "--system" in argv:
            return pip(shell, _PYTHON, ["pip", *argv[2:]])
        place = shell.env.get("VIRTUAL_ENV", own)
        if not shell.files.is_file(f"{place}/pyvenv.cfg"):
            return shell.say("uv: no virtual environment")
        return pip(shell, f"{place}/bin/python", ["pip", *argv[2:]])
    if argv[1] == "venv":
        make_venv(shell, _PYTHON, shell.path(argv[2]) if len(argv) > 2 else own)
        return 0
    if argv[1] == "run":
        return _run(shell, own, [w for w in argv[2:] if not w.startswith("--no-")])
    if argv[1] != "sync":
        raise Unmodelled(f"{argv}")
    flags, _, _ = split_options(argv, "frozen locked no-dev no-install-project no-cache no-group")
    try:
        data = _data(shell, project, "pyproject.toml")
        shell.files.text(f"{root}/uv.lock")
    except Missing as error:
        return shell.say(f"uv: {error}")
    names = list(data["project"]["dependencies"])  # type: ignore[index]
    names += [] if "no-dev" in flags else list(data["dependency-groups"]["dev"])  # type: ignore[index]
    place = posixpath.join(root, shell.env.get("UV_PROJECT_ENVIRONMENT", ".venv"))
    return _install(shell, place, names)
