"""uv and pdm."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from slimify.context.values import table, texts, toml_of
from slimify.facts.commands import values
from slimify.languages.python.commands.environments import (
    BIN,
    FALSE,
    SITE,
    TRUE,
    active_venv,
    environment,
    named_packages,
    project_directory,
    project_files,
    run_in_environment,
    with_data,
    with_venv,
)
from slimify.languages.python.commands.python import pip, venv
from slimify.model.effects import Effect, EffectKind
from slimify.semantics.effects.call import Arg, Call, Options, first_value
from slimify.semantics.effects.state import State
from slimify.semantics.effects.table import verb_effects
from slimify.semantics.paths import ancestors, covers

_PDM_USE_VENV, _PDM_PACKAGES = "python.use_venv", "__pypackages__"


def uv(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("uv", "python"))
    action, words = options.verb
    at = next((i for i, a in enumerate(call.args) if a.value == action), 0)
    rest = call.args[at + 1 :]
    if action == "pip":
        return pip(replace(call, args=(*call.args[:at], *rest)), "uv")
    if action == "venv":
        return venv(replace(call, args=rest))
    if action in ("run", "x") or call.name == "uvx":
        return _uv_run(call, rest if action == "run" else call.args)
    if action in ("sync", "add", "remove"):
        return _uv_sync(call, options, action, words)
    if action == "tool" or action == "python":
        return _uv_tool(call, action, words)
    if action == "cache":
        return call.effect("cache", "cache", deletes=_uv_cache(call, options))
    if action in ("export", "version"):
        writes = options.all("-o", "--output-file")[-1:] or call.outputs[:1]
        manifests = call.known_paths(("pyproject.toml", "uv.lock"))
        kind: EffectKind = "check" if not writes else "build" if action == "export" else "files"
        return call.write_effect(kind, action, manager="uv", writes=writes, manifests=manifests)
    return verb_effects(call, "uv", action, of="python") or call.effect("check", action)


def _uv_cache(call: Call, options: Options) -> tuple[str, ...]:
    if options.has("--no-cache", "-n", "--no-cache-dir") or call.state.get("UV_NO_CACHE"):
        return ()
    path = options.value("--cache-dir") or call.cache("UV_CACHE_DIR", ".cache/uv")
    return (path,) if path else ()


def _uv_sync(call: Call, options: Options, action: str, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    base = options.value("--project", "--directory")
    state = replace(call.state, cwd=call.path_of(base)) if base else call.state
    inner = replace(call, state=state)
    place = posixpath.join(_root(inner), state.get("UV_PROJECT_ENVIRONMENT") or ".venv")
    if options.has("--active") and state.get("VIRTUAL_ENV"):
        place = state.get("VIRTUAL_ENV") or place
    # documented for images: UV_PROJECT_ENVIRONMENT=/usr/local
    system = inner.path_of(place) in ("/usr/local", "/usr")
    packages, manifests = named_packages(words), project_files(inner, "pyproject.toml", "uv.lock")
    writes = with_data(inner, (SITE, BIN) if system else (place,), packages, manifests)
    if action != "sync":
        writes += ("pyproject.toml",)
    if not options.has("--frozen", "--locked") and _makes_lock(inner):
        writes += ("uv.lock",)
    quiet = options.has("--no-dev", "--only-group", "--no-default-groups") or state.get("UV_NO_DEV") in TRUE
    alone = options.has("--no-install-project", "--no-install-workspace")
    reads = () if alone else _workspace(manifests)
    python = state.get("UV_PYTHON_INSTALL_DIR")
    more = (python,) if python else ()
    return inner.write_effect(
        "install",
        action,
        manager="uv",
        packages=packages,
        writes=writes + more,
        reads=reads,
        dev=not quiet and (options.has(*_GROUPS) or _has_default_groups(inner)),
        manifests=manifests,
        caches=_uv_cache(call, options),
    )


def _root(call: Call) -> str:
    """The directory of the project's environment: that of the next pyproject.toml, or of the workspace above
    that has it as a member (docs.astral.sh/uv/concepts/projects/workspaces). "" for the working directory."""
    places = [posixpath.dirname(p) for p in project_files(call, "pyproject.toml")]
    for place in places:
        text = call.state.view.text(posixpath.join(place, "pyproject.toml"))
        workspace = table(toml_of(text), "tool", "uv", "workspace")
        if not workspace:
            continue
        named = {key: [posixpath.join(place, t) for t in texts(workspace.get(key))] for key in _MEMBERS}
        member, excluded = (any(map(partial(_names, path=places[0]), named[key])) for key in _MEMBERS)
        return place if place == places[0] or (member and not excluded) else places[0]
    return project_directory(call, "pyproject.toml")


_MEMBERS = ("members", "exclude")


def _names(pattern: str, path: str) -> bool:
    return covers(pattern, path) and ("**" in pattern or pattern.count("/") == path.count("/"))


def _workspace(manifests: Sequence[str]) -> tuple[str, ...]:
    """The directory that all projects of a workspace are below: the outermost one that has a manifest."""
    return tuple(map(posixpath.dirname, manifests[-1:]))


_GROUPS = ("--group", "--all-groups", "--dev", "--only-dev", "--extra", "--all-extras")


def _has_default_groups(call: Call) -> bool:
    """Whether the project may have groups of dependencies that uv installs unasked."""
    from slimify.languages.python.manifests.project import python_project

    place = call.path_of("pyproject.toml")
    path = call.state.view.context_path(place) if place is not None else None
    known = path is not None and path in call.state.view.context.files
    return not known or bool(
        python_project(call.state.view.context, posixpath.dirname(path or "")).default_groups
    )


def _makes_lock(call: Call) -> bool:
    """Whether uv makes a lock file beside pyproject.toml. The members of a workspace have one above them
    (docs.astral.sh/uv/concepts/projects/sync)."""
    state, here = call.state, call.state.cwd
    if here is None or any(state.get(name) in TRUE for name in ("UV_FROZEN", "UV_LOCKED")):
        return False
    others = (posixpath.join(place, "pyproject.toml") for place in ancestors(here) if place != here)
    return not any(map(state.view.context_path, (posixpath.join(here, "uv.lock"), *others)))


def _uv_tool(call: Call, action: str, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    verb = first_value(words)
    if verb not in ("install", "upgrade", "pin"):
        return call.effect("check", f"{action} {verb}")
    if action == "python":
        where = call.word(".local/share/uv/python", "UV_PYTHON_INSTALL_DIR")
        return call.write_effect("install", "python install", manager="uv", writes=(where,))
    tools, scripts = (".local/share/uv/tools", "UV_TOOL_DIR"), (".local/bin", "UV_TOOL_BIN_DIR")
    places, packages = [call.word(*place) for place in (tools, scripts)], named_packages(words[1:])
    return call.write_effect("install", "tool install", manager="uv", packages=packages, writes=places)


def _uv_run(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    inner = replace(call, args=words)
    options = inner.options(values("uv", "python"), stop=True)
    module = options.last("-m", "--module")
    operands = options.operands
    if module is not None:
        operands = (
            Arg(value="python", text="python"),
            Arg(value="-m", text="-m", prefix="-m"),
            module,
            *operands,
        )
    effects = run_in_environment(call, operands)
    unsynced = options.has("--no-sync", "--no-project") or call.state.get("UV_NO_SYNC") in TRUE
    if call.name == "uvx" or unsynced:
        return effects
    return (*_uv_sync(inner, options, "sync", ()), *effects)


def pdm(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("pdm", "python"))
    action, words = options.verb
    if action == "run":
        return run_in_environment(call, words)
    if action in ("install", "sync", "add", "update"):
        everywhere = options.has("-g", "--global")
        project = project_directory(call, "pyproject.toml")
        return call.write_effect(
            "install",
            action,
            manager="pdm",
            packages=named_packages(words),
            writes=environment(call) if everywhere else (_pdm_directory(call, project),),
            manifests=call.known_paths(
                [posixpath.join(project, name) for name in ("pyproject.toml", "pdm.lock")]
            ),
            reads=call.known_paths((project or ".",)),
            dev=not options.has("--prod", "--production", "--no-dev"),
            caches=tuple(p for p in (call.cache("PDM_CACHE_DIR", ".cache/pdm"),) if p),
        )
    return verb_effects(call, "pdm", action, of="python") or call.effect("check", action)


def _pdm_directory(call: Call, project: str) -> str:
    """The directory of the packages of a project: an active environment, `__pypackages__` if it exists or
    environments are switched off (PEP 582), else `.venv` (pdm-project.org/latest/usage/venv)."""
    state = call.state
    off = state.get("PDM_USE_VENV") in FALSE or state.settings.get(_PDM_USE_VENV) in FALSE
    there = any(map(state.view.is_dir, call.known_paths((posixpath.join(project, _PDM_PACKAGES),))))
    return active_venv(state) or posixpath.join(project, _PDM_PACKAGES if off or there else ".venv")


def _state_after(call: Call, state: State) -> State:
    words = [a.value or "" for a in call.args if not a.text.startswith("-")]
    if call.name == "pdm":
        given = words[0:1] == ["config"] and words[1:2] == [_PDM_USE_VENV] and len(words) > 2
        return state.with_setting(_PDM_USE_VENV, words[2].lower()) if given else state
    if call.first != "venv":
        return state
    at = next(i for i, a in enumerate(call.args) if a.value == "venv")
    return with_venv(replace(call, args=call.args[at + 1 :]), state)


STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {"uv": _state_after, "pdm": _state_after}
