"""Node: npm, yarn, pnpm, bun, corepack, npx, and the programs they start."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from slimify.classify.effects.call import Arg, Call, Options, package
from slimify.classify.effects.nodeproject import depends_on, manifests, package_json, run_script, scripts, workspaces
from slimify.classify.effects.state import State, absolute
from slimify.model import Effect, Package

_VALUES = (
    "--prefix", "-C", "--registry", "--loglevel", "--cache", "-w", "--workspace", "--tag", "--userconfig", "--fetch-timeout", "--fetch-retries",
    "--only", "--omit", "--include", "--also", "--cwd", "--modules-folder", "--cache-folder", "--network-timeout", "--filter", "-F",
    "--network-concurrency", "--mutex", "--dir", "--store-dir", "--reporter", "--globalconfig", "--package", "-p", "--location", "--global-folder",
    "--install-directory", "--call", "-c", "--node-linker", "--target", "--arch", "--platform", "--build-from-source-only", "--maxsockets",
    "--lockfile-dir", "--virtual-store-dir", "--mode", "--preferred-cache-folder", "--otp", "--python", "--since", "--fetch-retry-mintimeout",
    "--fetch-retry-maxtimeout", "--unsafe-perm-user", "--virtual-store-dir-max-length", "--depth", "--child-concurrency", "--backend",
)  # fmt: skip
_SERVING = frozenset("start serve server dev develop watch preview start:dev storybook studio".split())
_TRUE = ("1", "true", "yes", "")
_CHECK = frozenset(
    """audit bin doctor explain fund help info list ll la ls outdated owner ping prefix repo root search show view whoami why version versions
    licenses pkg get bugs docs home diff check check-peer-deps explain dist-tag completion env edit stars token team login logout adduser publish
    query sbom import""".split()
)


def _package_name(text: str) -> str:
    """`@scope/name@version` and `name@version` without the version; addresses by their last part."""
    if re.match(r"(?:git\+|https?:|git:|github:|ssh:)", text) or re.fullmatch(r"[\w-]+/[\w.-]+(?:#.*)?", text):
        tail = re.sub(r"[#?].*", "", text).rstrip("/").rpartition("/")[2]
        return re.sub(r"(?:\.git|\.tgz)\Z", "", tail)
    alias = re.match(r"(@?[^@]+)@npm:", text)
    return alias[1] if alias else re.sub(r"(?<=.)@.*\Z", "", text)


def _packages(words: tuple[Arg, ...]) -> tuple[Package, ...]:
    return tuple(package(w, _package_name(w.value) if w.value else _half_name(w.text)) for w in words if w.value != ".")


def _half_name(text: str) -> str:
    """The name in front of an unknown version: `npm@$VERSION`."""
    match = re.match(r"[\"']?(@?[\w./-]+)@", text)
    return match[1] if match else ""


def _in_directory(call: Call, options: Options) -> Call:
    """With `--prefix DIR`, `--cwd DIR` or `-C DIR`: as if started there."""
    word = options.last("--prefix", "--cwd", "--dir") or (options.last("-C") if call.name in ("pnpm", "npm") else None)
    if word is None:
        return call
    place = absolute(word.value, call.state) if word.value is not None else None
    return replace(call, state=replace(call.state, cwd=place))


def _caches(call: Call, manager: str) -> tuple[str, ...]:
    state = call.state
    own = {"npm": ("NPM_CONFIG_CACHE", "npm_config_cache"), "yarn": ("YARN_CACHE_FOLDER",), "pnpm": ("PNPM_STORE_DIR",), "bun": ()}[manager]
    named = next((value for variable in own if (value := state.get(variable))), None)
    named = state.settings.get(f"{manager} cache", named) if manager == "npm" else named
    if named:
        return (named,)
    places = {
        "npm": (".npm",),
        "yarn": (".cache/yarn", ".yarn/berry/cache"),
        "pnpm": (".local/share/pnpm/store", ".cache/pnpm"),
        "bun": (".bun/install/cache",),
    }[manager]
    found = tuple(path for place in places if (path := call.home(place)) is not None)
    # as root, yarn 1 keeps its cache beside the installed programs
    return ("/usr/local/share/.cache/yarn", *found) if manager == "yarn" and state.user in ("root", "0", "") else found


def with_dev(state: State, options: Options, manager: str) -> bool:
    """Whether development dependencies are installed too; if it can't be told, they are."""
    kept = ",".join(a.shown for a in options.all("--include", "--also"))
    if "dev" in kept or options.has("--dev") or options.value("--production", "--prod") == "false":
        return True
    if options.has("--production", "--prod", "-P") or (manager == "bun" and options.has("-p")):
        return options.value("--production", "--prod") not in (None, "true", "1", "") if options.last("--production", "--prod") else False
    left = ",".join(a.shown for a in options.all("--omit", "--only"))
    if re.search(r"dev|prod", left) and not options.value("--only") == "dev":
        return False
    if "dev" in (state.get("NPM_CONFIG_OMIT") or state.settings.get("npm omit") or ""):
        return False
    if (state.get("NPM_CONFIG_PRODUCTION") or state.settings.get("npm production") or "") == "true":
        return False
    if manager == "yarn" and _berry(state):
        return True
    return state.get("NODE_ENV") != "production"


def _berry(state: State) -> bool:
    """Whether yarn 2 or later is in charge."""
    if state.cwd is None:
        return False
    if state.view.context_path(posixpath.join(state.cwd, ".yarnrc.yml")) is not None:
        return True
    wanted = (package_json(state) or {}).get("packageManager")
    return isinstance(wanted, str) and bool(re.match(r"yarn@[2-9]", wanted))


def install(call: Call, options: Options, words: tuple[Arg, ...], manager: str, action: str) -> tuple[Effect, ...]:
    """An install into node_modules of the working directory and its workspaces, with the project's own hooks."""
    state = call.state
    folders = options.all("--modules-folder")
    names = [posixpath.join(place, "node_modules") for place in (".", *workspaces(state))]
    writes: list[Arg | str] = list(folders) if folders else list(names)
    if action in ("install", "add", "remove", "update") and not options.has("--frozen-lockfile", "--immutable", "--no-lockfile", "--pure-lockfile"):
        lock = {"npm": "package-lock.json", "yarn": "yarn.lock", "pnpm": "pnpm-lock.yaml", "bun": "bun.lock"}[manager]
        writes += [lock] if not (options.has("--no-package-lock", "--no-save") or state.get("NPM_CONFIG_PACKAGE_LOCK") == "false") else []
    if words and action in ("install", "add", "remove") and not options.has("--no-save"):
        writes.append("package.json")
    if manager == "yarn" and _berry(state):
        writes += [".yarn", ".pnp.cjs", ".pnp.loader.mjs"]
    for name, place in (("puppeteer", ".cache/puppeteer"), ("cypress", ".cache/Cypress")):
        browsers = call.home(place)
        if browsers is not None and _downloads(state, name, words):
            writes.append(browsers)
    effect = call.touching("node", action, manager=manager, writes=writes, packages=_packages(words), manifests=manifests(state),
                           caches=_caches(call, manager), dev=with_dev(state, options, manager))  # fmt: skip
    if options.has("--ignore-scripts") or words or state.get("NPM_CONFIG_IGNORE_SCRIPTS") == "true":
        return (effect,)
    hooks = ["preinstall", "install", "postinstall"] + (["prepublish", "prepare"] if effect.dev else [])
    more = tuple(e for hook in hooks if hook in scripts(state) for e in run_script(call, hook, manager=manager))
    return (effect, *(replace(e, kind="build", anywhere=False, why="a hook of the install, assumed to write below its directory")
                      if e.kind == "app" and e.action.startswith("run ") else e for e in more))  # fmt: skip


def _downloads(state: State, name: str, words: tuple[Arg, ...]) -> bool:
    if state.get("PUPPETEER_SKIP_DOWNLOAD") or state.get("PUPPETEER_SKIP_CHROMIUM_DOWNLOAD"):
        return False
    return depends_on(state, name) or any(_package_name(w.value or "") == name for w in words)


def global_places(state: State, manager: str = "npm") -> tuple[str, ...]:
    """Where globally installed packages and their programs go.

    /usr/local in the official images and with Debian's and Alpine's npm; /usr with NodeSource's.
    """
    prefix = state.get("NPM_CONFIG_PREFIX") or state.get("npm_config_prefix") or state.settings.get("npm prefix")
    if manager == "yarn":
        base = (f"{state.get('HOME')}/.config/yarn/global", f"{state.get('HOME')}/.yarn") if state.user not in ("root", "0", "") else ()
        shared = ("/usr/local/share/.config/yarn/global", f"{prefix or '/usr/local'}/bin")
        return (*shared, *base)
    if manager in ("pnpm", "bun"):
        variable = state.get("PNPM_HOME" if manager == "pnpm" else "BUN_INSTALL")
        home = state.get("HOME")
        default = f"{home}/.local/share/pnpm" if manager == "pnpm" else f"{home}/.bun"
        return (variable or default, "/usr/local/bin")
    nvm = state.settings.get("nvm")
    if nvm and not prefix:
        return (nvm,)
    prefixes = (prefix,) if prefix else ("/usr/local",) if "node" in state.languages else ("/usr/local", "/usr")
    return tuple(place for base in prefixes for place in (f"{base}/lib/node_modules", f"{base}/bin"))


def install_globally(call: Call, options: Options, words: tuple[Arg, ...], manager: str, action: str) -> tuple[Effect, ...]:
    """npm install -g, yarn global add, …"""
    places = global_places(call.state, manager)
    prefix = options.value("--prefix")
    if prefix:
        places = call.known((f"{prefix}/lib/node_modules", f"{prefix}/bin"))
    unknown = next((f"which packages {w.text} stands for" for w in words if w.value is None and not _half_name(w.text)), "")
    deleting = action in ("remove", "uninstall")
    return (call.effect("global", action, manager=manager, packages=_packages(words), writes=places, caches=_caches(call, manager),
                        why=unknown, deletes=places if deleting else ()),)  # fmt: skip


def npm(call: Call) -> tuple[Effect, ...]:
    options = call.options(tuple(v for v in _VALUES if v not in ("-p", "-C")) if call.name == "npm" else _VALUES)
    words = options.operands
    action = _ALIASES.get((words[0].value or "") if words else "", (words[0].value or "") if words else "")
    rest = words[1:]
    everywhere = options.has("-g", "--global") or options.value("--location") == "global"
    if not everywhere:
        call = _in_directory(call, options)
    if action in ("install", "ci", "add", "update", "uninstall", "install-test", "install-ci-test"):
        if everywhere:
            return install_globally(call, options, rest, "npm", action)
        return install(call, options, rest, "npm", {"uninstall": "remove"}.get(action, action))
    if action in ("run", "test", "start", "stop", "restart"):
        return _npm_run(call, options, action, rest)
    return _npm_rest(call, action, rest, everywhere)


_ALIASES = {
    "i": "install", "in": "install", "isntall": "install", "clean-install": "ci", "ic": "ci", "install-clean": "ci", "run-script": "run",
    "rum": "run", "t": "test", "tst": "test", "rb": "rebuild", "un": "uninstall", "rm": "uninstall", "remove": "uninstall", "r": "uninstall",
    "up": "update", "upgrade": "update", "c": "config", "x": "exec", "ln": "link", "create": "init", "innit": "init", "ddp": "dedupe",
}  # fmt: skip


def _npm_run(call: Call, options: Options, action: str, rest: tuple[Arg, ...]) -> tuple[Effect, ...]:
    name = (rest[0].value if rest else None) if action == "run" else action
    if action == "run" and not rest:
        return (call.effect("check", "run"),)
    if name is None:
        return (call.unknown(f"which script {rest[0].text} is"),)
    workspace = options.all("-w", "--workspace")
    if workspace or options.has("--workspaces"):
        return _in_workspaces(call, workspace, name, "npm")
    return run_script(call, name, rest[1:] if action == "run" else rest)


def _in_workspaces(call: Call, wanted: tuple[Arg, ...], name: str, manager: str) -> tuple[Effect, ...]:
    """`--workspace X run name`: the script in the workspace of that name or directory, else in all."""
    places = workspaces(call.state)
    names = {re.sub(r"[.^{}]", "", w.value or "").strip("/") for w in wanted}
    chosen = []
    for place in places:
        data = package_json(replace(call.state, cwd=place)) or {}
        if not names or data.get("name") in names or any(place.endswith("/" + n) for n in names if n):
            chosen.append(place)
    effects: list[Effect] = []
    for place in chosen or places:
        inner = replace(call, state=replace(call.state, cwd=place))
        if name in scripts(inner.state):
            effects += run_script(inner, name, manager=manager)
    return tuple(effects) or run_script(call, name, manager=manager)


def _npm_rest(call: Call, action: str, rest: tuple[Arg, ...], everywhere: bool) -> tuple[Effect, ...]:
    verb = (rest[0].value or "") if rest else ""
    if action == "prune":
        return (call.touching("prune", "prune", manager="npm", writes=("node_modules",), deletes=call.known(("node_modules",))),)
    if action == "cache":
        return (call.effect("cache", f"cache {verb}".strip(), manager="npm", deletes=_caches(call, "npm")),)
    if action in ("config", "set"):
        if action == "config" and verb not in ("set", "delete", "rm", "edit"):
            return (call.effect("check", action),)
        where = call.home(".npmrc") if not everywhere else "/usr/local/etc/npmrc"
        return (call.touching("files", "config", manager="npm", writes=(where if where else Arg(value=None, text="~/.npmrc"),)),)
    if action in ("rebuild", "dedupe", "shrinkwrap"):
        return (call.touching("node", action, manager="npm", writes=("node_modules", "package-lock.json"), manifests=manifests(call.state)),)
    if action == "link":
        return (call.touching("global", "link", manager="npm", packages=_packages(rest),
                              writes=(*global_places(call.state), "node_modules")),)  # fmt: skip
    if action == "exec":
        return npx(replace(call, args=call.args[1:]))
    if action in ("init", "pack", "version") and (rest or action != "version"):
        return (call.touching("files", action, manager="npm", writes=(".",)),)
    if action in _CHECK or not action:
        return (call.effect("check", action),)
    return (call.unknown(f"what npm {action} does"),)


def npx(call: Call) -> tuple[Effect, ...]:
    """npx, bunx, pnpm dlx, …: the program itself, downloaded if need be."""
    options = call.options(("-p", "--package", "-c", "--call", "--prefix", "--node-arg", "-w", "--workspace", "--registry"), stop=True)
    text = options.value("-c", "--call")
    if text:
        return call.run(text, call.state)
    return started(call, options.operands)


def started(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """A program of node_modules/.bin with its arguments."""
    from slimify.classify.effects.registry import effects_of

    if not words or not words[0].value:
        return (call.unknown("which program is started"),)
    name = _package_name(words[0].value).rpartition("/")[2]
    return effects_of(replace(call, name=name, path=name, args=words[1:]))


def _node(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-r", "--require", "-e", "--eval", "-p", "--print", "--max-old-space-size", "--loader", "--import", "-C",
                            "--env-file"), single=False, stop=True)  # fmt: skip
    if options.has("--version", "-v", "--help", "-h", "--check"):
        return (call.effect("check"),)
    code = options.value("-e", "--eval", "-p", "--print", "-pe")
    if code is not None or options.has("-e", "-p", "--eval", "--print", "-pe"):
        if code is not None and not re.search(r"write|unlink|rename|mkdir|exec|spawn|require\(['\"]\.", code):
            return (call.effect("check", "-e"),)
        return (_app(call, "-e"),)
    if not options.operands:
        return (_app(call, "-") if call.upstream or call.stdin else call.effect("check"),)
    script = options.operands[0]
    return _node_program(call, script, options.operands[1:])


def _node_program(call: Call, script: Arg, rest: tuple[Arg, ...]) -> tuple[Effect, ...]:
    path = script.value or ""
    match = re.search(r"node_modules/(?:\.bin/([\w.-]+)|((?:@[\w.-]+/)?[\w.-]+)/)", path)
    if match and (match[1] or re.search(r"/(?:bin|cli|dist|lib)[/.]|cli", path[match.end() :])):
        name = match[1] or (match[2] or "").rpartition("/")[2]
        return started(call, (Arg(value=name, text=name), *rest))
    if match and match[2] in ("puppeteer", "playwright") and "install" in path:
        where = call.home(".cache/puppeteer" if match[2] == "puppeteer" else ".cache/ms-playwright")
        return (call.touching("fetch", f"{match[2]} install", manager="node", writes=(f"node_modules/{match[2]}", where or "~")),)
    if posixpath.basename(path) == "ace" and rest and rest[0].value == "build":
        return (call.touching("build", "ace build", writes=(".",)),)
    return (replace(_app(call, posixpath.basename(path)), reads=call.known((script,))),)


def _app(call: Call, action: str) -> Effect:
    cwd = (call.state.cwd,) if call.state.cwd else ()
    return call.effect("app", action, writes=cwd, anywhere=True, why="runs the application's own code")


def node_tool(call: Call, kind: str) -> tuple[Effect, ...]:
    """A program that the table of Node programs knows."""
    first = call.first
    if call.flag("--version", "-v", "--help") and len(call.args) == 1:
        return (call.effect("check"),)
    serving = first in _SERVING or call.flag("--watch", "-w", "--serve")
    migrating = call.name == "prisma" and first in ("migrate", "db", "studio", "seed")
    if kind == "app" or serving or migrating or (call.name == "vite" and not first):
        return (_app(call, first),)
    if call.flag("--noEmit", "--no-emit", "--dry-run") or first in ("test", "lint", "check", "e2e", "info", "validate", "tslint"):
        return (call.effect("check", first),)
    if kind == "check":
        if call.flag("--fix", "--write"):
            return (call.touching("files", "edit", writes=(".",)),)
        return (call.effect("check", first),)
    out = call.options(("-o", "--outDir", "--out-dir", "--dist-dir", "--output", "--out-file", "-d", "--dest", "--dir", "--output-path", "--outdir"))
    targets = out.all("-o", "--outDir", "--out-dir", "--dist-dir", "--output-path", "--outdir", "--dest")
    more = (*targets, *((out.operands[-1],) if call.name in ("cpx", "cpx2", "copyfiles", "cpy", "ncp", "cpr") and out.operands else ()))
    return (call.touching("build", first if "/" not in first else "", writes=(".", *more)),)


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {
    "npm": npm,
    "cnpm": npm,
    "npx": npx,
    "pnpx": npx,
    "bunx": npx,
    **dict.fromkeys(("node", "nodejs", "deno"), _node),
}
