"""poetry and pipenv."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from slimify.facts.commands import values
from slimify.languages.python.commands.environments import (
    BIN,
    FALSE,
    SITE,
    TRUE,
    active_venv,
    cloned_sources,
    environment,
    named_packages,
    project_directory,
    run_in_environment,
    with_data,
)
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, EffectKind
from slimify.semantics.effects.call import Arg, Call, Options
from slimify.semantics.effects.state import State
from slimify.semantics.effects.table import verb_effects


def _setting(call: Call, key: str) -> str:
    """A poetry setting; the environment takes precedence over `poetry config`."""
    variable = "POETRY_" + re.sub(r"[.-]", "_", key).upper()
    return (call.state.get(variable) or call.state.settings.get(f"poetry {key}") or "").lower()


def _poetry_target(call: Call) -> tuple[Arg | str, ...]:
    """The directories that poetry installs to.

    An active environment is used as it is. Otherwise virtualenvs.create, virtualenvs.in-project and
    virtualenvs.path decide (python-poetry.org/docs/configuration).
    """
    venv_ = active_venv(call.state)
    if venv_ is not None:
        return (venv_,)
    if _setting(call, "virtualenvs.create") in FALSE:
        return environment(call)
    own = _own_venv(call, "pyproject.toml")
    if _setting(call, "virtualenvs.in-project") in TRUE or _is_made(call, own):
        return (own,)
    path = call.state.get("POETRY_VIRTUALENVS_PATH") or call.state.settings.get("poetry virtualenvs.path")
    kept = call.place("POETRY_CACHE_DIR", ".cache/pypoetry")
    return (path or (f"{kept}/virtualenvs" if kept else call.word(".cache/pypoetry")),)


def _own_venv(call: Call, file: str) -> str:
    """The environment in the directory of the project."""
    return posixpath.join(project_directory(call, file), ".venv")


def _is_made(call: Call, venv: str) -> bool:
    return any(f"venv {path}" in call.state.settings for path in call.known_paths((venv,)))


def _manifests(call: Call, *names: str) -> tuple[str, ...]:
    """The files of the project, found by the first of them."""
    project = project_directory(call, names[0])
    return call.known_paths([posixpath.join(project, name) for name in names])


def poetry(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("poetry", "python"))
    action, words = options.verb
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        return run_in_environment(call, call.args[at + 1 :])
    if action == "config":
        if len(words) < 2 and not options.has("--unset"):
            return call.effect("check", "config")
        where = "poetry.toml" if options.has("--local") else call.word(".config/pypoetry/config.toml")
        return call.write_effect("files", "config", writes=(where,))
    if action in ("install", "sync", "add", "update", "remove"):
        dev = action in ("install", "sync", "add", "update") and not _without_dev(
            options, ("--no-dev", "--only-main", "--without-dev")
        )
        project = project_directory(call, "pyproject.toml")
        more = (posixpath.join(project, "pyproject.toml"),) if action not in ("install", "sync") else ()
        reads = () if options.has("--no-root") or action != "install" else call.known_paths((project or ".",))
        manifests, packages = _manifests(call, "pyproject.toml", "poetry.lock"), named_packages(words)
        return call.write_effect(
            "install",
            action,
            manager="poetry",
            packages=packages,
            writes=(*with_data(call, _poetry_target(call), packages, manifests), *more),
            caches=_poetry_caches(call),
            dev=dev,
            manifests=manifests,
            reads=reads,
        )
    if action == "export":
        writes: tuple[Arg | str, ...] = options.all("-o", "--output")[-1:] or call.outputs
        manifests = _manifests(call, "pyproject.toml", "poetry.lock")
        kind: EffectKind = "build" if writes else "check"
        return call.write_effect(kind, action, manager="poetry", writes=writes, manifests=manifests)
    if action == "self":
        packages = named_packages(words[1:])
        return call.effect("install", "self", manager="poetry", packages=packages, writes=(SITE, BIN))
    if action == "cache":
        return call.effect("cache", "cache", deletes=_poetry_caches(call))
    if action in ("check", "show", "env", "version", "about", "--version", "source", ""):
        return call.effect("check", action)
    known = verb_effects(call, "poetry", action, of="python")
    return known or call.unknown(Reason.of("SL221", "command", command=f"poetry {action}"))


def _poetry_caches(call: Call) -> tuple[str, ...]:
    cache = call.cache("POETRY_CACHE_DIR", ".cache/pypoetry")
    return (f"{cache}/cache", f"{cache}/artifacts") if cache else ()


def _without_dev(options: Options, flags: tuple[str, ...]) -> bool:
    without = ",".join(a.shown for a in options.all("--without"))
    return options.has(*flags) or options.has("--only") or "dev" in without.split(",")


def pipenv(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("pipenv", "python"))
    action, words = options.verb
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        return run_in_environment(call, call.args[at + 1 :])
    manifests = _manifests(call, "Pipfile", "Pipfile.lock")
    if action in ("install", "sync", "update", "uninstall", "clean"):
        caches = tuple(p for p in (call.home(".cache/pipenv"), call.home(".cache/pip")) if p)
        where = _pipenv_target(call, options)
        where = (*where, *cloned_sources(call, options, where, manifests))
        return call.write_effect(
            "install",
            action,
            manager="pipenv",
            packages=named_packages(words),
            writes=with_data(call, where, named_packages(words), manifests),
            caches=caches,
            manifests=manifests + call.known_paths(options.all("-r", "--requirements")),
            dev=options.has("--dev", "-d"),
        )
    if action in ("lock", "requirements"):
        lock = posixpath.join(project_directory(call, "Pipfile"), "Pipfile.lock")
        printing = action == "requirements" or options.has("-r", "--requirements")
        if printing and call.outputs:  # the output is the input of a following pip install
            return call.write_effect("build", action, writes=call.outputs, manifests=manifests)
        return (
            call.effect("check", action, manifests=manifests)
            if printing
            else call.write_effect("build", "lock", writes=(lock,), manifests=manifests)
        )
    return call.effect("check", action)


def _pipenv_target(call: Call, options: Options) -> tuple[Arg | str, ...]:
    if options.has("--system") or call.state.get("PIPENV_SYSTEM") in TRUE:
        return environment(call)
    venv_ = active_venv(call.state)
    if venv_ is not None and call.state.get("PIPENV_IGNORE_VIRTUALENVS") not in TRUE:
        return (venv_,)
    own = _own_venv(call, "Pipfile")
    if call.state.get("PIPENV_VENV_IN_PROJECT") in TRUE or _is_made(call, own):
        return (own,)
    return (call.word(".local/share/virtualenvs", "WORKON_HOME"),)


def _state_after(call: Call, state: State) -> State:
    words = [a.value for a in call.args if not a.prefix.startswith("-")]
    if len(words) >= 3 and words[0] == "config" and words[1] and words[2] is not None:
        name = words[1].removeprefix("settings.")  # before Poetry 1.0.0 (its CHANGELOG.md)
        return state.with_setting(f"poetry {name}", words[2])
    return state


STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {"poetry": _state_after}
