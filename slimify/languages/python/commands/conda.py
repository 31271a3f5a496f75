"""conda, pipx and pip-tools."""

from __future__ import annotations

import posixpath
import re

from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.languages.python.commands.environments import environment, named_packages, run_in_environment
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, first_value


def conda(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("conda", "python"))
    words = [w for w in options.operands if w.value != "env"]
    nested = len(words) < len(options.operands)
    action = first_value(words)
    base = (
        call.state.get("MAMBA_ROOT_PREFIX")
        or call.state.get("CONDA_DIR")
        or call.state.get("CONDA_PREFIX")
        or _conda_home(call)
    )
    if action == "run":
        at = next(i for i, a in enumerate(call.args) if a.value == "run")
        inner = replace(call, args=call.args[at + 1 :]).options(("-n", "--name", "-p", "--prefix"), stop=True)
        return run_in_environment(call, inner.operands)
    if action in ("install", "create", "update", "remove", "uninstall", "upgrade"):
        prefix: Arg | str | None = options.last("-p", "--prefix")
        name = options.last("-n", "--name")
        if prefix is None and name is not None and name.value not in ("base", None):
            prefix = f"{base}/envs/{name.value}"
        elif prefix is None and nested:
            prefix = f"{base}/envs"
        where: tuple[Arg | str, ...] = (prefix if prefix is not None else base,)
        files = options.all("-f", "--file")
        return call.write_effect(
            "install",
            f"env {action}" if nested else action,
            manager="conda",
            packages=named_packages(tuple(words[1:])),
            writes=where,
            manifests=call.known_paths(files),
            caches=(f"{base}/pkgs",),
        )
    if action == "clean":
        return call.effect("cache", "clean", manager="conda", deletes=(f"{base}/pkgs",))
    if action in ("config", "init", "shell"):
        config = tuple(p for p in (call.home(".condarc"), call.home(".bashrc")) if p)
        return call.effect("files", action, manager="conda", writes=(*config, base))
    if action in ("activate", "deactivate"):
        return call.effect("state", action)
    return call.effect("check", action)


def _conda_home(call: Call) -> str:
    """The directory of conda: from PATH or its own path, else that of its images."""
    entries = [posixpath.dirname(call.path), *(call.state.get("PATH") or "").split(":")]
    for entry in entries:
        if re.search(r"/(?:mini|ana|micro)?(?:conda|forge|mamba)\d?/(?:cond)?bin\Z", entry):
            return posixpath.dirname(entry)
    return "/opt/conda"


def pipx(call: Call) -> tuple[Effect, ...]:
    words = call.options(("--python", "--pip-args", "--index-url", "-i", "--suffix")).operands
    if not words or words[0].value not in ("install", "inject", "upgrade"):
        return call.effect("check")
    # without PIPX_HOME, ~/.local/share/pipx or in older releases ~/.local/pipx (pipx.pypa.io, "Installation")
    places = (call.word(".local", "PIPX_HOME"), call.word(".local/bin", "PIPX_BIN_DIR"))
    packages = named_packages(words[1:])
    return call.write_effect("install", "tool install", manager="pipx", packages=packages, writes=places)


def pip_tools(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-o", "--output-file", "--extra", "--index-url", "-i", "--python-executable"))
    if call.name == "pip-sync":
        manifests = call.known_paths(options.operands)
        return call.write_effect(
            "install", "sync", manager="pip", writes=environment(call), manifests=manifests
        )
    output = options.all("-o", "--output-file")
    return call.write_effect(
        "files", "compile", writes=output or (".",), reads=call.known_paths(options.operands)
    )
