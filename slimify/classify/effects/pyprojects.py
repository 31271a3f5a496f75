"""Python project managers: poetry, pipenv, uv, pdm, conda, pipx and what is like them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from slimify.classify.effects.call import Arg, Call, Options, package
from slimify.classify.effects.python import _venv as venv
from slimify.classify.effects.python import pip
from slimify.classify.effects.pythonenv import BIN, SITE, active, environment
from slimify.model import Effect, Package

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def _inner(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """What `poetry run`, `uv run`, `conda run` start."""
    from slimify.classify.effects.registry import effects_of

    if not words or words[0].value is None:
        return (call.unknown("what is run"),)
    path = words[0].value
    if path.endswith(".py"):
        return effects_of(replace(call, name="python", path="python", args=words))
    return effects_of(replace(call, name=posixpath.basename(path), path=path, args=words[1:]))


def _packages(words: tuple[Arg, ...]) -> tuple[Package, ...]:
    found = []
    for word in words:
        match = re.match(r"[A-Za-z0-9][\w.-]*", word.value or "")
        if match and not (word.value or "").startswith((".", "/")):
            found.append(package(word, match[0]))
    return tuple(found)


def _manifests(call: Call, *names: str) -> tuple[str, ...]:
    return call.known(names)


# --- poetry ------------------------------------------------------------------------------------

_POETRY_VALUES = ("--only", "--without", "--with", "-E", "--extras", "-C", "--directory", "-P", "--project", "-f", "--format", "-o", "--output",
                  "-G", "--group", "--source", "--python")  # fmt: skip


def _setting(call: Call, key: str) -> str:
    """A poetry setting: the environment outranks `poetry config`."""
    variable = "POETRY_" + re.sub(r"[.-]", "_", key).upper()
    return (call.state.get(variable) or call.state.settings.get(f"poetry {key}") or "").lower()


def _poetry_target(call: Call) -> tuple[tuple[str, ...], Arg | None, tuple[str, ...]]:
    """Where poetry installs, what could not be resolved, and its caches.

    An active environment is used as it is; else virtualenvs.create, virtualenvs.in-project and
    virtualenvs.path decide (python-poetry.org/docs/configuration).
    """
    cache = call.state.get("POETRY_CACHE_DIR") or call.home(".cache/pypoetry")
    caches = (f"{cache}/cache", f"{cache}/artifacts") if cache else ()
    venv_ = active(call.state)
    if venv_ is not None:
        return (venv_,), None, caches
    if _setting(call, "virtualenvs.create") in _FALSE:
        return (*environment(call), caches)
    if _setting(call, "virtualenvs.in-project") in _TRUE or (call.state.cwd and f"venv {call.state.cwd}/.venv" in call.state.settings):
        return (*call.targets((".venv",)), caches)
    path = call.state.get("POETRY_VIRTUALENVS_PATH") or call.state.settings.get("poetry virtualenvs.path")
    where = path or (f"{cache}/virtualenvs" if cache else None)
    return (*call.targets((where if where else Arg(value=None, text="~/.cache/pypoetry"),)), caches)


def _poetry(call: Call) -> tuple[Effect, ...]:
    options = call.options(_POETRY_VALUES)
    words = options.operands
    action = (words[0].value or "") if words else ""
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        return _inner(call, call.args[at + 1 :])
    if action == "config":
        return (call.effect("state", "config"),)
    if action in ("install", "sync", "add", "update", "remove"):
        writes, lost, caches = _poetry_target(call)
        dev = action in ("install", "sync", "add", "update") and not _without_dev(options, ("--no-dev", "--only-main", "--without-dev"))
        more = call.known(("pyproject.toml", "poetry.lock")) if action not in ("install", "sync") else ()
        reads = () if options.has("--no-root") or action != "install" else call.known((".",))
        return (call.effect("python", action, manager="poetry", packages=_packages(words[1:]), writes=writes + more, caches=caches, dev=dev,
                            manifests=_manifests(call, "pyproject.toml", "poetry.lock"), reads=reads, anywhere=lost is not None,
                            why="" if lost is None else "the home directory is not known"),)  # fmt: skip
    if action in ("export", "lock"):
        output = options.last("-o", "--output")
        writes_: tuple[Arg | str, ...] = (output,) if output is not None else ("poetry.lock",) if action == "lock" else ()
        return (call.touching("files" if writes_ else "check", action, manager="poetry", writes=writes_),)
    if action == "build":
        return (call.touching("build", "build", manager="poetry", writes=("dist",)),)
    if action == "self":
        return (call.effect("python", "self", manager="poetry", packages=_packages(words[2:]), writes=(SITE, BIN)),)
    if action == "cache":
        return (call.effect("cache", "cache", deletes=_poetry_target(call)[2]),)
    if action in ("check", "show", "env", "version", "about", "--version", "source", ""):
        return (call.effect("check", action),)
    return (call.unknown(f"what poetry {action} does"),)


def _without_dev(options: Options, flags: tuple[str, ...]) -> bool:
    without = ",".join(a.shown for a in options.all("--without"))
    return options.has(*flags) or options.has("--only") or "dev" in without.split(",")


# --- pipenv ------------------------------------------------------------------------------------


def _pipenv(call: Call) -> tuple[Effect, ...]:
    options = call.options(("--python", "-r", "--requirements", "-i", "--pypi-mirror", "-e", "--categories", "--extra-pip-args"))
    words = options.operands
    action = (words[0].value or "") if words else ""
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        return _inner(call, call.args[at + 1 :])
    manifests = _manifests(call, "Pipfile", "Pipfile.lock")
    if action in ("install", "sync", "update", "uninstall", "clean"):
        writes, lost = _pipenv_target(call, options)
        if action in ("install", "update") and not options.has("--deploy", "--ignore-pipfile"):
            writes += call.known(("Pipfile.lock",))
        caches = tuple(p for p in (call.home(".cache/pipenv"), call.home(".cache/pip")) if p)
        return (call.effect("python", action, manager="pipenv", packages=_packages(words[1:]), writes=writes, caches=caches,
                            manifests=manifests + call.known(options.all("-r", "--requirements")), dev=options.has("--dev", "-d"),
                            anywhere=lost is not None, why="" if lost is None else "the home directory is not known"),)  # fmt: skip
    if action in ("lock", "requirements"):
        printing = action == "requirements" or options.has("-r", "--requirements")
        return (call.effect("check", action),) if printing else (call.touching("files", "lock", writes=("Pipfile.lock",)),)
    return (call.effect("check", action),)


def _pipenv_target(call: Call, options: Options) -> tuple[tuple[str, ...], Arg | None]:
    if options.has("--system") or call.state.get("PIPENV_SYSTEM") in _TRUE:
        return environment(call)
    venv_ = active(call.state)
    if venv_ is not None and call.state.get("PIPENV_IGNORE_VIRTUALENVS") not in _TRUE:
        return (venv_,), None
    if call.state.get("PIPENV_VENV_IN_PROJECT") in _TRUE or (call.state.cwd and f"venv {call.state.cwd}/.venv" in call.state.settings):
        return call.targets((".venv",))
    home = call.state.get("WORKON_HOME") or call.home(".local/share/virtualenvs")
    return call.targets((home if home else Arg(value=None, text="~/.local/share/virtualenvs"),))


# --- uv, pdm -------------------------------------------------------------------------------------

_UV_VALUES = ("--extra", "--group", "--no-group", "--only-group", "--package", "-p", "--python", "--project", "--directory", "--cache-dir",
              "--index-url", "-i", "--extra-index-url", "--index", "--default-index", "--link-mode", "-o", "--output-file", "--format",
              "--config-file", "--resolution", "--with", "--with-requirements", "--with-editable", "--env-file", "-f", "--find-links",
              "--out-dir", "--upgrade-package", "-P", "--no-install-package", "--from", "--tag", "--branch", "-r", "--requirements", "-m",
              "--module", "--install-dir", "--prompt", "--no-extra", "--prerelease")  # fmt: skip


def _uv(call: Call) -> tuple[Effect, ...]:
    options = call.options(_UV_VALUES)
    words = options.operands
    action = (words[0].value or "") if words else ""
    at = next((i for i, a in enumerate(call.args) if a.value == action), 0)
    rest = call.args[at + 1 :]
    if action == "pip":
        return pip(replace(call, args=(*call.args[:at], *rest)), "uv")
    if action == "venv":
        return (venv(replace(call, args=rest)),)
    if action in ("run", "x") or call.name == "uvx":
        return _uv_run(call, rest if action == "run" else call.args)
    if action in ("sync", "add", "remove"):
        return (_uv_sync(call, options, action, words[1:]),)
    if action == "tool" or action == "python":
        return (_uv_tool(call, action, words[1:]),)
    if action == "cache":
        return (call.effect("cache", "cache", deletes=_uv_cache(call, options)),)
    if action in ("lock", "export", "init", "version"):
        output = options.last("-o", "--output-file")
        if action in ("export", "version") and output is None:
            return (call.effect("check", action),)
        return (call.touching("files", action, manager="uv", writes=(output if output is not None else "uv.lock",)),)
    if action == "build":
        out = options.last("-o", "--out-dir")
        return (call.touching("build", "build", manager="uv", writes=(out if out is not None else "dist",)),)
    if action == "self":
        return (call.touching("global", "self update", manager="uv", writes=("~/.local/bin",)),)
    return (call.effect("check", action),)


def _uv_cache(call: Call, options: Options) -> tuple[str, ...]:
    if options.has("--no-cache", "-n", "--no-cache-dir") or call.state.get("UV_NO_CACHE"):
        return ()
    path = options.value("--cache-dir") or call.state.get("UV_CACHE_DIR") or call.home(".cache/uv")
    return (path,) if path else ()


def _uv_sync(call: Call, options: Options, action: str, words: tuple[Arg, ...]) -> Effect:
    base = options.value("--project", "--directory")
    state = replace(call.state, cwd=call.path_of(base)) if base else call.state
    inner = replace(call, state=state)
    place = state.get("UV_PROJECT_ENVIRONMENT") or ".venv"
    if options.has("--active") and state.get("VIRTUAL_ENV"):
        place = state.get("VIRTUAL_ENV") or place
    writes, lost = inner.targets((place,))
    if any(path in ("/usr/local", "/usr") for path in writes):
        writes = (SITE, BIN)  # documented for images: UV_PROJECT_ENVIRONMENT=/usr/local
    if action != "sync":
        writes += inner.known(("pyproject.toml", "uv.lock"))
    quiet = options.has("--no-dev", "--only-group", "--no-default-groups") or state.get("UV_NO_DEV") in _TRUE
    reads = () if options.has("--no-install-project", "--no-install-workspace") else inner.known((".",))
    python = state.get("UV_PYTHON_INSTALL_DIR")
    more = (python,) if python else ()
    return inner.effect("python", action, manager="uv", packages=_packages(words), writes=writes + more, reads=reads, dev=not quiet,
                        manifests=inner.known(("pyproject.toml", "uv.lock")), caches=_uv_cache(call, options),
                        anywhere=lost is not None, why="" if lost is None else "its directory is not known")  # fmt: skip


def _uv_tool(call: Call, action: str, words: tuple[Arg, ...]) -> Effect:
    verb = (words[0].value or "") if words else ""
    if verb not in ("install", "upgrade", "pin"):
        return call.effect("check", f"{action} {verb}")
    if action == "python":
        where = call.state.get("UV_PYTHON_INSTALL_DIR") or call.home(".local/share/uv/python")
        return call.touching("python", "python install", manager="uv", writes=(where or Arg(value=None, text="~/.local"),))
    tools = call.state.get("UV_TOOL_DIR") or call.home(".local/share/uv/tools")
    scripts = call.state.get("UV_TOOL_BIN_DIR") or call.home(".local/bin")
    places = [path if path else Arg(value=None, text="~/.local") for path in (tools, scripts)]
    return call.touching("python", "tool install", manager="uv", packages=_packages(words[1:]), writes=places)


def _uv_run(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    inner = replace(call, args=words)
    options = inner.options(_UV_VALUES, stop=True)
    module = options.last("-m", "--module")
    operands = options.operands
    if module is not None:
        operands = (Arg(value="python", text="python"), Arg(value="-m", text="-m", prefix="-m"), module, *operands)
    effects = _inner(call, operands)
    if call.name == "uvx" or options.has("--no-sync", "--no-project"):
        return effects
    return (_uv_sync(inner, options, "sync", ()), *effects)


def _pdm(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-G", "--group", "-p", "--project", "-L", "--lockfile", "-o", "--output", "-f", "--format"))
    words = options.operands
    action = (words[0].value or "") if words else ""
    if action == "run":
        return _inner(call, words[1:])
    if action in ("install", "sync", "add", "update"):
        venv_ = active(call.state)
        create = call.state.get("PDM_USE_VENV") in _FALSE or options.has("-g", "--global")
        writes, lost = environment(call) if create else call.targets((venv_ or ".venv",))
        packages_dir = call.known(("__pypackages__",))
        return (call.effect("python", action, manager="pdm", packages=_packages(words[1:]), writes=writes + packages_dir, anywhere=lost is not None,
                            manifests=_manifests(call, "pyproject.toml", "pdm.lock"), reads=call.known((".",)),
                            dev=not options.has("--prod", "--production", "--no-dev"),
                            caches=tuple(p for p in (call.home(".cache/pdm"),) if p)),)  # fmt: skip
    if action in ("config", "use", "lock", "export", "venv"):
        return (call.touching("files", action, manager="pdm", writes=(".",)),)
    return (call.effect("check", action),)


# --- conda, pipx ---------------------------------------------------------------------------------


def _conda(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file", "--override-frozen", "--set", "--add",
                            "--append", "--prepend", "--solver", "--platform"))  # fmt: skip
    words = [w for w in options.operands if w.value != "env"]
    nested = len(words) < len(options.operands)
    action = (words[0].value or "") if words else ""
    base = call.state.get("MAMBA_ROOT_PREFIX") or call.state.get("CONDA_DIR") or call.state.get("CONDA_PREFIX") or _conda_home(call)
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        inner = replace(call, args=call.args[at + 1 :]).options(("-n", "--name", "-p", "--prefix"), stop=True)
        return _inner(call, inner.operands)
    if action in ("install", "create", "update", "remove", "uninstall", "upgrade"):
        prefix: Arg | str | None = options.last("-p", "--prefix")
        name = options.last("-n", "--name")
        if prefix is None and name is not None and name.value not in ("base", None):
            prefix = f"{base}/envs/{name.value}"
        elif prefix is None and nested:
            prefix = f"{base}/envs"
        where: tuple[Arg | str, ...] = (prefix if prefix is not None else base,)
        files = options.all("-f", "--file")
        return (call.touching("python", f"env {action}" if nested else action, manager="conda", packages=_packages(tuple(words[1:])),
                              writes=where, manifests=call.known(files), caches=(f"{base}/pkgs",)),)  # fmt: skip
    if action == "clean":
        return (call.effect("cache", "clean", manager="conda", deletes=(f"{base}/pkgs",)),)
    if action in ("config", "init", "shell"):
        config = tuple(p for p in (call.home(".condarc"), call.home(".bashrc")) if p)
        return (call.effect("files", action, manager="conda", writes=(*config, base)),)
    if action in ("activate", "deactivate"):
        return (call.effect("state", action),)
    return (call.effect("check", action),)


def _conda_home(call: Call) -> str:
    """Where conda lives: the directory that PATH or its own path names, else that of its images."""
    entries = [posixpath.dirname(call.path), *(call.state.get("PATH") or "").split(":")]
    for entry in entries:
        if re.search(r"/(?:mini|ana|micro)?(?:conda|forge|mamba)\d?/(?:cond)?bin\Z", entry):
            return posixpath.dirname(entry)
    return "/opt/conda"


def _pipx(call: Call) -> tuple[Effect, ...]:
    words = call.options(("--python", "--pip-args", "--index-url", "-i", "--suffix")).operands
    if not words or words[0].value not in ("install", "inject", "upgrade"):
        return (call.effect("check"),)
    home = call.state.get("PIPX_HOME") or call.home(".local/share/pipx")
    scripts = call.state.get("PIPX_BIN_DIR") or call.home(".local/bin")
    old = call.home(".local/pipx") if not call.state.get("PIPX_HOME") else home
    places = [path if path else Arg(value=None, text="~/.local") for path in (home, old, scripts)]
    return (call.touching("python", "tool install", manager="pipx", packages=_packages(words[1:]), writes=places),)


def _pip_tools(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-o", "--output-file", "--extra", "--index-url", "-i", "--python-executable"))
    if call.name == "pip-sync":
        writes, lost = environment(call)
        return (call.effect("python", "sync", manager="pip", writes=writes, manifests=call.known(options.operands), anywhere=lost is not None),)
    output = options.all("-o", "--output-file")
    return (call.touching("files", "compile", writes=output or (".",), reads=call.known(options.operands)),)


def _playwright(call: Call) -> tuple[Effect, ...]:
    from slimify.classify.effects.pythondata import playwright

    return playwright(call)


def _spacy(call: Call) -> tuple[Effect, ...]:
    from slimify.classify.effects.pythondata import spacy

    return spacy(call)


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {
    "poetry": _poetry,
    "pipenv": _pipenv,
    "uv": _uv,
    "uvx": _uv,
    "pdm": _pdm,
    **dict.fromkeys(("conda", "mamba", "micromamba"), _conda),
    "pipx": _pipx,
    **dict.fromkeys(("pip-sync", "pip-compile"), _pip_tools),
    "playwright": _playwright,
    "spacy": _spacy,
}
