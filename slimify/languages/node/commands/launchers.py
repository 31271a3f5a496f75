"""Tools around Node packages: corepack, nvm, and launchers such as cross-env and run-s."""

from __future__ import annotations

import posixpath
import re

from msgspec.structs import replace

from slimify.context.values import json_of, table
from slimify.facts.commands import commands, values
from slimify.languages.node.commands.install import install, node_packages
from slimify.languages.node.commands.project import in_workspaces, package_json, run_script, scripts
from slimify.languages.node.commands.tools import tool_call, tool_effects, with_launcher
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Call, first_value, literal_arg, package
from slimify.semantics.effects.files import deletion

_OF_NODE = ("node", "npm", "npx")
# Where they keep the versions: below the home directory, or where the variable says.
VERSION_DIRECTORIES = {
    "nvm": (".nvm", "NVM_DIR"),
    "fnm": (".local/share/fnm", "FNM_DIR"),
    "volta": (".volta", "VOLTA_HOME"),
}


def corepack(call: Call) -> tuple[Effect, ...]:
    """`enable` creates shims next to node; prepare, install and use fill the cache that the shims read."""
    options = call.options(("--install-directory",))
    words = call.options(("--install-directory", "-o")).operands
    action, names = first_value(words), words[1:]
    shims = options.last("--install-directory") or "/usr/local/bin"
    if action == "enable":
        home = call.place("COREPACK_HOME", ".cache/node/corepack")
        return call.write_effect(
            "install-global",
            "enable",
            manager="corepack",
            packages=node_packages(names or (literal_arg("yarn"), literal_arg("pnpm"))),
            writes=(shims,),
            caches=(home,) if home else (),  # the first call of a shim fills it
        )
    if action in ("prepare", "install", "use", "up", "hydrate", "pack"):
        where = call.word(".cache/node/corepack", "COREPACK_HOME")
        return call.write_effect(
            "install-global", action, manager="corepack", packages=node_packages(names), writes=(where,)
        )
    if action == "disable":
        return call.write_effect("files", "disable", manager="corepack", writes=(shims,))
    if action in ("yarn", "pnpm", "npm"):
        return tool_call(call, words)
    return call.effect("check", action)


def versions(call: Call) -> tuple[Effect, ...]:
    """nvm, n, fnm, volta: install other versions of node."""
    action, tables = call.first, commands("node").actions
    kind = tables.get(call.name, {}).get(action) or tables["versions"].get(action)
    if kind is not None:
        return call.effect(kind, action)
    prefix = call.state.get("N_PREFIX") or "/usr/local"
    where = prefix if call.name == "n" else call.word(*VERSION_DIRECTORIES[call.name])
    node = tuple(package(literal_arg(name)) for name in _OF_NODE)
    return call.write_effect("install-global", action, manager=call.name, packages=node, writes=(where,))


@with_launcher
def cross_env(call: Call) -> tuple[Effect, ...]:
    """cross-env A=b cmd, dotenv -e F -- cmd, env-cmd cmd: the command, with more variables."""
    state = call.state
    words = list(call.args)
    while words and (words[0].prefix.startswith("-") or re.match(r"\w+=", words[0].text)):
        word = words.pop(0)
        name, _, value = (word.value or word.text).partition("=")
        if not word.prefix.startswith("-"):
            state = state.with_env({name: value if word.value is not None else None})
        elif word.value in ("-e", "-f", "-c", "-v") and words:
            words.pop(0)
    if call.name == "cross-env-shell":
        return call.run(" ".join(w.value or w.text for w in words), state)
    return tool_call(replace(call, state=state), tuple(words))


@with_launcher
def run_many(call: Call) -> tuple[Effect, ...]:
    """npm-run-all, run-s, run-p: scripts of package.json by name or pattern."""
    options = call.options(("--max-parallel", "--npm-path"))
    wanted = [arg.value.partition(" ")[0] for arg in options.operands if arg.value]
    effects = [effect for pattern in wanted for effect in _matching_scripts(call, pattern)]
    return tuple(effects) or call.effect("check")


@with_launcher
def concurrently(call: Call) -> tuple[Effect, ...]:
    """concurrently: commands, and `npm:x` for scripts by name or pattern."""
    effects: list[Effect] = []
    options = call.options(("-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-s", "--success"))
    for arg in options.operands:
        text = (arg.value or arg.text).strip("\"'")
        short = re.match(r"(?:npm|yarn|pnpm|bun):(\S+)", text)
        effects += _matching_scripts(call, short[1]) if short else call.run(text, call.state)
    return tuple(effects) or call.application_code()


def _matching_scripts(call: Call, pattern: str) -> tuple[Effect, ...]:
    """The scripts that match a pattern: `*` stops at a colon, `**` does not."""
    if "*" not in pattern:
        return run_script(call, pattern)
    parts = (
        ".*" if part == "**" else "[^:]*" if part == "*" else re.escape(part)
        for part in re.split(r"(\*\*?)", pattern)
    )
    wanted = re.compile("".join(parts))
    return tuple(e for name in scripts(call.state) if wanted.fullmatch(name) for e in run_script(call, name))


@with_launcher
def lerna(call: Call) -> tuple[Effect, ...]:
    action = call.first
    if action in ("bootstrap", "link"):
        place = posixpath.join(call.state.cwd or "/", "lerna.json")
        client = table(json_of(call.state.view.text(place))).get("npmClient")
        manager = client if client in ("yarn", "pnpm") else "npm"
        return install(call, call.options(values("npm", "node")), (), manager, "install")
    if action == "run":
        options = call.options(("--scope", "--ignore", "--concurrency", "--stream"))
        name = first_value(options.operands[1:])
        return in_workspaces(call, options.all("--scope"), name, "npm") if name else call.effect("check")
    return call.write_effect("build", action, writes=(".",))


def turbo(call: Call) -> tuple[Effect, ...]:
    """turbo runs the scripts of the workspaces with the project's package manager.

    Source: https://turborepo.com/docs/crafting-your-repository/structuring-a-repository (packageManager).
    """
    named = (package_json(call.state) or {}).get("packageManager")
    manager = named.partition("@")[0] if isinstance(named, str) else ""
    return tuple(replace(e, tools=(*e.tools, manager)) if manager else e for e in tool_effects(call, "build"))


def deletes(call: Call) -> tuple[Effect, ...]:
    return deletion(call, call.options(("-g", "--glob")).operands)


def mkdirp(call: Call) -> tuple[Effect, ...]:
    return call.write_effect("files", "mkdir", writes=call.options().operands)


def bower(call: Call) -> tuple[Effect, ...]:
    if call.first in ("install", "i", "update", ""):
        caches = call.known_paths(("~/.cache/bower",))
        return call.write_effect("build", "install", writes=("bower_components", "."), caches=caches)
    return call.effect("cache" if call.first == "cache" else "check", call.first)


@with_launcher
def shx(call: Call) -> tuple[Effect, ...]:
    return tool_call(call, call.args)
