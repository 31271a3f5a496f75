"""Node's other package managers and launchers: yarn, pnpm, bun, corepack, nvm, cross-env, run-s, …"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import replace

from slimify.classify.effects.call import Arg, Call, Options, package
from slimify.classify.effects.node import (
    _CHECK,
    _VALUES,
    _app,
    _caches,
    _in_directory,
    _in_workspaces,
    _packages,
    global_places,
    install,
    install_globally,
    npx,
    started,
)
from slimify.classify.effects.nodeproject import manifests, package_json, run_script, scripts
from slimify.model import Effect

_INSTALLS = {
    "install": "install", "i": "install", "ci": "ci", "add": "add", "a": "add", "remove": "remove", "rm": "remove", "uninstall": "remove",
    "un": "remove", "upgrade": "update", "up": "update", "update": "update", "install-test": "install", "": "install",
}  # fmt: skip


def _taken(call: Call, values: tuple[str, ...]) -> tuple[Options, str, tuple[Arg, ...], tuple[Arg, ...]]:
    """Options, the command word, its operands, and everything behind it as written."""
    options = call.options(values)
    words = options.operands
    action = (words[0].value or "") if words else ""
    at = next((i for i, a in enumerate(call.args) if a.value == action), len(call.args))
    return options, action, words[1:], call.args[at + 1 :]


def _yarn(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = _taken(call, _VALUES)
    call = _in_directory(call, options)
    if not action and options.has("--version", "-v", "--help"):
        return (call.effect("check"),)
    if action in _INSTALLS:
        return install(call, options, rest, "yarn", _INSTALLS[action])
    if action == "global":
        verb = (rest[0].value or "") if rest else ""
        if verb in ("add", "upgrade", "remove"):
            return install_globally(call, options, rest[1:], "yarn", verb)
        return (call.effect("check", "global"),)
    if action == "workspaces" or action == "workspace":
        return _yarn_workspaces(call, options, action, rest, behind)
    if action == "run":
        return _script_or_program(call, behind, "yarn")
    if action in ("dlx", "exec", "node"):
        inner = behind if action != "node" else (Arg(value="node", text="node"), *behind)
        return npx(replace(call, args=inner))
    return _yarn_rest(call, action, rest) or _script_or_program(call, (Arg(value=action, text=action), *behind), "yarn")


def _yarn_rest(call: Call, action: str, rest: tuple[Arg, ...]) -> tuple[Effect, ...] | None:
    verb = (rest[0].value or "") if rest else ""
    if action == "cache":
        if verb not in ("clean", "clear"):
            return (call.effect("check", "cache"),)
        return (call.effect("cache", "cache clean", manager="yarn", deletes=_caches(call, "yarn")),)
    if action == "config":
        if verb not in ("set", "delete", "unset"):
            return (call.effect("check", "config"),)
        where = (call.home(".yarnrc"), call.home(".yarnrc.yml"), call.state.cwd and f"{call.state.cwd}/.yarnrc.yml")
        return (call.effect("files", "config", manager="yarn", writes=tuple(p for p in where if p)),)
    if action in ("set", "plugin", "policies", "init", "unplug", "patch-commit", "import", "version"):
        return (call.touching("files", action, manager="yarn", writes=(".",)),)
    if action in ("link", "unlink"):
        home = call.home(".config/yarn/link")
        return (call.touching("files", action, manager="yarn", writes=("node_modules", *((home,) if home else ()))),)
    if action in ("autoclean", "rebuild", "dedupe"):
        return (call.touching("node", action, manager="yarn", writes=("node_modules",), manifests=manifests(call.state)),)
    if action in _CHECK and action not in scripts(call.state):
        return (call.effect("check", action),)
    return None


def _yarn_workspaces(
    call: Call, options: Options, action: str, rest: tuple[Arg, ...], behind: tuple[Arg, ...]
) -> tuple[Effect, ...]:
    if action == "workspaces" and rest and rest[0].value == "focus":
        return install(call, options, (), "yarn", "install")
    if action == "workspaces" and rest and rest[0].value in ("info", "list"):
        return (call.effect("check", "workspaces"),)
    names = [w for w in rest if w.value not in ("run", "foreach")]
    wanted = tuple(names[:1]) if action == "workspace" else ()
    verb = names[1 if action == "workspace" else 0 :]
    if not verb or verb[0].value is None:
        return (call.unknown("what the workspaces run"),)
    if verb[0].value in ("install", "add"):
        return install(call, options, (), "yarn", "install")
    return _in_workspaces(call, wanted, verb[0].value, "yarn")


def _script_or_program(call: Call, words: tuple[Arg, ...], manager: str) -> tuple[Effect, ...]:
    """`yarn X`: the script X, else the program X."""
    named = [w for w in words if not w.prefix.startswith("-")]
    if not named or named[0].value is None:
        return (call.effect("check", "run"),) if not named else (call.unknown(f"which script {named[0].text} is"),)
    name = named[0].value
    rest = words[words.index(named[0]) + 1 :]
    if name in scripts(call.state):
        return run_script(call, name, rest, manager=manager)
    if package_json(call.state) is not None:
        return started(call, (named[0], *rest))
    from slimify.facts.commands import commands

    if name in commands().node_tools:
        return started(call, (named[0], *rest))
    return run_script(call, name, rest, manager=manager)


_PNPM_VALUES = tuple(v for v in _VALUES if v not in ("-p", "-c", "-w", "--workspace"))


def _pnpm(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = _taken(call, _PNPM_VALUES)
    everywhere = options.has("-g", "--global")
    call = _in_directory(call, options)
    filtered = options.all("--filter", "-F")
    if not action:
        return (call.effect("check"),)
    if action in _INSTALLS:
        if everywhere:
            return install_globally(call, options, rest, "pnpm", _INSTALLS[action])
        return install(call, options, rest, "pnpm", _INSTALLS[action])
    if action == "fetch":
        return (call.touching("node", "fetch", manager="pnpm", writes=("node_modules",), manifests=manifests(call.state),
                              caches=_caches(call, "pnpm"), dev=not options.has("--prod", "-P")),)  # fmt: skip
    if action == "deploy":
        return (call.touching("node", "deploy", manager="pnpm", writes=rest[-1:], manifests=manifests(call.state),
                              reads=call.known((".",)), dev=not options.has("--prod", "-P", "--production")),)  # fmt: skip
    if action == "prune":
        return (call.touching("prune", "prune", manager="pnpm", writes=("node_modules",), deletes=call.known(("node_modules",))),)
    if action == "store":
        return (call.effect("cache", "store", manager="pnpm", deletes=_caches(call, "pnpm")),)
    if action in ("config", "set", "c", "setup"):
        where = tuple(p for p in (call.home(".npmrc"), call.home(".config/pnpm"), call.home(".bashrc")) if p)
        return (call.effect("files", action, manager="pnpm", writes=where),)
    if action in ("rebuild", "rb", "approve-builds", "dedupe", "patch-commit"):
        return (call.touching("node", action, manager="pnpm", writes=("node_modules",), manifests=manifests(call.state)),)
    if action == "env":
        return (call.effect("global", "env", manager="pnpm", writes=global_places(call.state, "pnpm")),)
    if action in ("dlx", "exec", "x"):
        return npx(replace(call, args=behind))
    if action in ("run", "run-script", "-r", "recursive", "test", "start"):
        names = rest if action in ("run", "run-script", "recursive") else (Arg(value=action, text=action), *rest)
        names = tuple(w for w in names if w.value not in ("run", "exec"))
    elif action in _CHECK and action not in scripts(call.state):
        return (call.effect("check", action),)
    else:
        names = (Arg(value=action, text=action), *rest)
    if not names or names[0].value is None:
        return (call.unknown("which script is run"),)
    if filtered or options.has("-r", "--recursive") or action == "recursive":
        return _in_workspaces(call, filtered, names[0].value, "pnpm")
    return _script_or_program(call, names, "pnpm")


def _bun(call: Call) -> tuple[Effect, ...]:
    options, action, rest, behind = _taken(call, _VALUES)
    call = _in_directory(call, options)
    if action in _INSTALLS and action:
        if options.has("-g", "--global"):
            return install_globally(call, options, rest, "bun", _INSTALLS[action])
        return install(call, options, rest, "bun", _INSTALLS[action])
    if action in ("run", "x"):
        return _script_or_program(call, behind, "bun") if action == "run" else npx(replace(call, args=behind))
    if action == "build":
        values = ("--outdir", "--outfile", "--target", "--compile-executable-path", "--format", "--external")
        out = replace(call, args=behind).options(values)
        return (call.touching("build", "build", manager="bun", writes=(".", *out.all("--outdir", "--outfile"))),)
    if action == "test" or not action or action == "pm":
        return (call.effect("check", action),)
    if re.search(r"\.[mc]?[jt]sx?\Z", action):
        return (_app(call, action),)
    return _script_or_program(call, (Arg(value=action, text=action), *behind), "bun")


def _corepack(call: Call) -> tuple[Effect, ...]:
    """corepack enable makes shims beside node; prepare, install and use fill its cache, which the shims need."""
    words = call.options(("--install-directory", "-o")).operands
    action = (words[0].value or "") if words else ""
    home = call.state.get("COREPACK_HOME") or call.home(".cache/node/corepack")
    target = call.options(("--install-directory",)).last("--install-directory")
    shims: Arg | str = target if target is not None else "/usr/local/bin"
    if action == "enable":
        names = words[1:] or (Arg(value="yarn", text="yarn"), Arg(value="pnpm", text="pnpm"))
        return (call.touching("global", "enable", manager="corepack", packages=_packages(names), writes=(shims,)),)
    if action in ("prepare", "install", "use", "up", "hydrate", "pack"):
        where = (home if home else Arg(value=None, text="~/.cache/node/corepack"),)
        return (call.touching("global", action, manager="corepack", packages=_packages(words[1:]), writes=where),)
    if action == "disable":
        return (call.touching("files", "disable", manager="corepack", writes=(shims,)),)
    if action in ("yarn", "pnpm", "npm"):
        return started(call, words)
    return (call.effect("check", action),)


def _versions(call: Call) -> tuple[Effect, ...]:
    """nvm, n, fnm, volta: other versions of node."""
    action = call.first
    if call.name == "nvm" and action in ("use", "alias", "current", "ls", "which", "deactivate", "unload", "--version"):
        return (call.effect("state", action),)
    if action in ("cache", "clean", "prune"):
        return (call.effect("cache", action),)
    if action in ("env", "list", "ls", "default", "current"):
        return (call.effect("state" if action in ("env", "default") else "check", action),)
    default = {"n": call.state.get("N_PREFIX") or "/usr/local", "nvm": call.state.get("NVM_DIR") or call.home(".nvm"),
               "fnm": call.state.get("FNM_DIR") or call.home(".local/share/fnm"), "volta": call.state.get("VOLTA_HOME") or call.home(".volta")}  # fmt: skip
    where = default[call.name]
    return (call.touching("global", action, manager=call.name, packages=(package(Arg(value="node", text="node")),),
                          writes=(where if where else Arg(value=None, text="~"),)),)  # fmt: skip


def _cross_env(call: Call) -> tuple[Effect, ...]:
    """cross-env A=b cmd, dotenv -e F -- cmd, env-cmd cmd: the command, in a richer environment."""
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
    return started(replace(call, state=state), tuple(words))


def _run_many(call: Call) -> tuple[Effect, ...]:
    """npm-run-all, run-s, run-p: scripts of package.json by name or pattern."""
    known = scripts(call.state)
    effects: list[Effect] = []
    for arg in call.args:
        if arg.prefix.startswith("-") or arg.value is None:
            continue
        pattern = arg.value.partition(" ")[0].replace(":**", ":*")
        names = [name for name in known if fnmatch.fnmatchcase(name, pattern)] if "*" in pattern else [pattern]
        for name in names:
            effects += run_script(call, name)
    return tuple(effects) or (call.effect("check"),)


def _concurrently(call: Call) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    options = call.options(("-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-s", "--success"))
    for arg in options.operands:
        text = arg.value or arg.text
        short = re.fullmatch(r"(?:npm|yarn|pnpm|bun):(\S+)", text)
        effects += run_script(call, short[1]) if short else call.run(text, call.state)
    return tuple(effects) or (_app(call, ""),)


def _lerna(call: Call) -> tuple[Effect, ...]:
    action = call.first
    if action in ("bootstrap", "link"):
        return install(call, call.options(_VALUES), (), "npm", "install")
    if action == "run":
        words = call.options(("--scope", "--ignore", "--concurrency", "--stream")).operands[1:]
        return _in_workspaces(call, call.options(("--scope",)).all("--scope"), words[0].value or "", "npm") if words else (call.effect("check"),)
    return (call.touching("build", action, writes=(".",)),)


def _deletes(call: Call) -> tuple[Effect, ...]:
    paths, lost = call.targets(call.options(("-g", "--glob")).operands)
    return (call.effect("files", "delete", deletes=paths, anywhere=lost is not None, why="" if lost is None else f"what {lost.text} is"),)


def _mkdirp(call: Call) -> tuple[Effect, ...]:
    return (call.touching("files", "mkdir", writes=call.options().operands),)


def _bower(call: Call) -> tuple[Effect, ...]:
    if call.first in ("install", "i", "update", ""):
        return (call.touching("build", "install", writes=("bower_components", "."), caches=call.known(("~/.cache/bower",))),)
    return (call.effect("cache" if call.first == "cache" else "check", call.first),)


def _shx(call: Call) -> tuple[Effect, ...]:
    return started(call, call.args)


def _husky(call: Call) -> tuple[Effect, ...]:
    return (call.touching("files", call.first, writes=(".husky", ".git")),)


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {
    **dict.fromkeys(("yarn", "yarnpkg"), _yarn),
    "pnpm": _pnpm,
    "bun": _bun,
    "corepack": _corepack,
    **dict.fromkeys(("nvm", "n", "fnm", "volta"), _versions),
    **dict.fromkeys(("cross-env", "cross-env-shell", "dotenv", "env-cmd", "dotenvx", "better-npm-run", "cross-os", "npm-watch"), _cross_env),
    **dict.fromkeys(("npm-run-all", "npm-run-all2", "run-s", "run-p"), _run_many),
    "concurrently": _concurrently,
    "lerna": _lerna,
    **dict.fromkeys(("rimraf", "del", "del-cli", "premove"), _deletes),
    **dict.fromkeys(("mkdirp", "make-dir", "make-dir-cli"), _mkdirp),
    "bower": _bower,
    "shx": _shx,
    "husky": _husky,
}
