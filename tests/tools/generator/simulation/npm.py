"""The package managers of Node: npm, yarn, pnpm, npx and corepack."""

from __future__ import annotations

import json
import posixpath
import re

from tools.generator.simulation.files import Missing, Node
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    Shell,
    Unmodelled,
    command,
    program,
)

NPM = {  # package: its programs
    "ms": (),
    "picocolors": (),
    "canvas": (),
    "consolidate": (),
    "ejs": ("ejs",),
    "pg": (),
    "is-number": (),
    "prettier": ("prettier",),
    "typescript": ("tsc", "tsserver"),
    "nodemon": ("nodemon",),
    "pm2": ("pm2", "pm2-runtime"),
    "launch-it": ("launch-it",),
    "serve": ("serve",),
    "semver": ("semver",),
    "express": (),
    "dotenv": (),
    "pnpm": ("pnpm",),
    "patch-package": ("patch-package",),
    "react": (),
    "react-dom": (),
    "husky": ("husky",),
    "ts-node": ("ts-node",),
    "knex": ("knex",),
    "gulp": ("gulp",),
    "prisma": ("prisma",),
    "@mikro-orm/cli": ("mikro-orm",),
    "@prisma/client": (),
    "cross-env": ("cross-env",),
    "npm-run-all": ("run-s", "run-p", "npm-run-all"),
    "next": ("next",),
}


@command("npm", "yarn", "pnpm")
def npm(shell: Shell, argv: list[str]) -> int:
    if posixpath.basename(argv[0]) == "yarn" and shell.files.is_file(f"{shell.cwd}/.yarnrc.yml"):
        return _berry(shell, argv)
    known = """
        omit production prod frozen-lockfile no-audit no-fund silent s g global ci ignore-scripts
        no-package-lock quiet q no-save legacy-peer-deps force f non-interactive no-optional no-progress
        build-from-source save if-present prefer-offline workspaces P D no-bin-links loglevel
    """
    flags, named, words = split_options(argv, known, "omit only prefix include C loglevel")
    manager = posixpath.basename(argv[0])
    action = words[0] if words else "install"
    if action in ("cache", "config", "set", "audit", "store") or (action == "clean" and manager == "yarn"):
        return 0
    action = "test" if action == "t" else action
    if action in ("run", "run-script", "start", "test", "build", "exec"):
        name = words[1] if action in ("run", "run-script") else action
        at = shell.child(cwd=shell.path(named["prefix"])) if "prefix" in named else shell
        return npm_run(at, name, optional="if-present" in flags)
    if action == "link" or (flags & {"g", "global"} and words[1:] in ([], ["."])):
        return _npm_link(shell)
    if flags & {"g", "global"} or words[:2] == ["global", "add"]:
        return _npm_global(shell, [w for w in words[1:] if w not in ("add",)])
    if action not in ("ci", "install", "i", "prune", "uninstall", "add") and manager == "npm":
        raise Unmodelled(f"{argv}")
    return _npm_install(shell, manager, action, words[1:], flags, named)


def _npm_install(
    shell: Shell, manager: str, action: str, extra: list[str], flags: set[str], named: dict[str, str]
) -> int:
    place = shell.path(named.get("prefix", named.get("C", ".")))
    try:
        data = json.loads(shell.files.text(f"{place}/package.json"))
    except Missing:
        return shell.say("npm: no package.json")
    lock = {"npm": "package-lock.json", "yarn": "yarn.lock", "pnpm": "pnpm-lock.yaml"}[manager]
    if (action == "ci" or "frozen-lockfile" in flags) and not shell.files.is_file(f"{place}/{lock}"):
        return shell.say(f"{manager}: no {lock}")
    production = shell.env.get("NODE_ENV") == "production" and named.get("include") != "dev"
    production = production or "dev" in named.get("omit", "") or bool(flags & {"production", "prod"})
    peers = "legacy-peer-deps" in flags or shell.env.get("NPM_CONFIG_LEGACY_PEER_DEPS") == "true"
    wants = data.get("dependencies", {})
    if manager == "npm" and "react" in wants and not peers and not flags & {"force", "f"}:
        return shell.say("npm: ERESOLVE")  # the two in conflict that generated projects have
    parts = _workspaces(shell, place, data)
    names = [*(n for n in data.get("dependencies", {}) if n not in parts), *extra]
    development = list(data.get("devDependencies", {}))
    modules = f"{place}/node_modules"
    if production and named.get("production") == "false":
        production = False
    wanted = names if production else names + development
    pinned = {**data.get("dependencies", {}), **data.get("devDependencies", {})}
    if action == "ci" and shell.files.is_directory(modules):
        shell.files.remove(modules)
    if action == "uninstall":  # what nothing else needs goes with them
        wanted = [name for name in wanted if name not in extra]
    if action in ("prune", "uninstall") and shell.files.is_directory(modules):
        names = {n for n in shell.files.names(modules) if not n.startswith(".")}  # not those of tools
        for name in names - {*wanted, *parts}:
            shell.files.remove(f"{modules}/{name}")
            for store in shell.files.glob(f"{modules}/.pnpm/{name}@*"):
                shell.files.remove(store)
            for each in NPM.get(name, ()):
                shell.files.remove(f"{modules}/.bin/{each}")
        return 0
    if shell.uid and not shell.may_write(f"{place}/x"):
        return shell.say("npm: permission denied")
    if manager == "pnpm" and shell.files.is_file("/usr/local/lib/corepack"):
        shell.files.add(f"{shell.env.get('HOME', '/root')}/.cache/node/corepack/v1/pnpm/pnpm.cjs", b"pnpm")
    for name, source in parts.items():
        shell.files.make_directories(modules, uid=shell.uid, gid=shell.gid)
        target = posixpath.relpath(source, modules).encode()
        shell.files.put(f"{modules}/{name}", Node("link", target, 0o777, shell.uid, shell.gid))
    if extra and "no-save" not in flags:
        saved = dict(re.split(r"(?<=.)@", word) for word in extra)
        data["dependencies"] = {**data.get("dependencies", {}), **saved}
        shell.files.write(f"{place}/package.json", json.dumps(data))
    store = pinned if manager == "pnpm" else None
    # yarn 1 puts the files of a package back that differ from its cache
    status = _npm_unpack(shell, modules, wanted, store, again=manager == "yarn")
    return status or _hooks(shell, data, flags, production)


def _hooks(shell: Shell, data: dict[str, object], flags: set[str], production: bool) -> int:
    if "ignore-scripts" in flags:
        return 0
    for name in ("preinstall", "postinstall", "prepare"):
        if name in data.get("scripts", {}):  # type: ignore[operator]
            status = npm_run(shell, name)
            if status:
                return status
    return 0


def _workspaces(shell: Shell, place: str, data: dict[str, object]) -> dict[str, str]:
    """The packages of a project that lie in it, and their directories."""
    found = {}
    for pattern in data.get("workspaces", []):  # type: ignore[attr-defined]
        for path in shell.files.glob(f"{place}/{pattern}/package.json"):
            found[json.loads(shell.files.text(path))["name"]] = posixpath.dirname(path)
    return found


def _npm_unpack(
    shell: Shell,
    modules: str,
    names: list[str],
    store: dict[str, str] | None = None,
    *,
    again: bool = False,
) -> int:
    owner = {"uid": shell.uid, "gid": shell.gid}
    for name in names:
        name = re.sub(r"(?<=.)@.*", "", name)
        if name not in NPM:
            raise Unmodelled(f"npm {name}")
        place = f"{modules}/{name}"
        if store is not None:  # pnpm keeps packages in a store of its own, and links to it
            inner = f".pnpm/{name}@{store.get(name, '1')}/node_modules/{name}"
            place = f"{modules}/{inner}"
            shell.files.make_directories(modules, **owner)
            shell.files.put(f"{modules}/{name}", Node("link", inner.encode(), 0o777, **owner))
        shell.files.make_directories(place, **owner)
        shell.files.write(f"{place}/package.json", json.dumps({"name": name}), **owner)
        if again or not shell.files.is_file(f"{place}/index.js"):
            shell.files.write(f"{place}/index.js", f"// {name}\n", **owner)
        for each in NPM[name]:
            text = f"#!/usr/bin/env node\n// program of {name}: {each}\n"
            shell.files.make_directories(f"{modules}/.bin", **owner)
            shell.files.write(f"{modules}/.bin/{each}", text, mode=0o755, **owner)
    shell.files.make_directories(f"{shell.env.get('HOME', '/root')}/.npm", **owner)
    return 0


def _npm_global(shell: Shell, names: list[str]) -> int:
    _npm_unpack(shell, "/usr/local/lib/node_modules", names)
    for name in names:
        for each in NPM[re.sub(r"(?<=.)@.*", "", name)]:
            text = f"#!/usr/bin/env node\n// program of {name}: {each}\n"
            shell.files.write(f"/usr/local/bin/{each}", text, mode=0o755)
    return 0


def _npm_link(shell: Shell) -> int:
    """A global link to the project, whose hooks run (npm 10)."""
    data = json.loads(shell.files.text(f"{shell.cwd}/package.json"))
    shell.files.make_directories("/usr/local/lib/node_modules")
    shell.files.put(f"/usr/local/lib/node_modules/{data['name']}", Node("link", shell.cwd.encode(), 0o777))
    for name, file in data.get("bin", {}).items():
        target = f"../lib/node_modules/{data['name']}/{file}"
        shell.files.put(f"/usr/local/bin/{name}", Node("link", target.encode(), 0o777))
    return _hooks(shell, data, set(), production=False)


def _berry(shell: Shell, argv: list[str]) -> int:
    """Yarn from 2 on; corepack brings it, by what package.json names."""
    if not shell.files.is_file("/usr/local/lib/corepack"):
        return shell.say("yarn: the project wants another release, corepack is not enabled")
    settings = shell.files.text(f"{shell.cwd}/.yarnrc.yml")
    linked = f"{shell.cwd}/.pnp.cjs"
    words = argv[1:]
    home = shell.env.get("HOME", "/root")
    shell.files.add(f"{home}/.cache/node/corepack/v1/yarn/yarn.js", b"yarn")
    if words[:1] == ["cache"]:
        return 0
    if words[:1] in ([], ["install"], ["workspaces"]):
        try:
            data = json.loads(shell.files.text(f"{shell.cwd}/package.json"))
            shell.files.text(f"{shell.cwd}/yarn.lock")
        except Missing as error:
            return shell.say(f"yarn: {error}")
        names = [*data.get("dependencies", {})]
        names += [] if "--production" in words else [*data.get("devDependencies", {})]
        shell.files.add(f"{shell.cwd}/.yarn/install-state.gz", b"state")
        if "pnp" not in settings:
            return _npm_unpack(shell, f"{shell.cwd}/node_modules", names)
        own = "enableGlobalCache: false" in settings
        cache = f"{shell.cwd}/.yarn/cache" if own else f"{home}/.yarn/berry/cache"
        for name in names:
            shell.files.add(f"{cache}/{name}.zip", b"zip")
        shell.files.add(linked, json.dumps({n: f"{cache}/{n}.zip" for n in names}))
        return 0
    env = {**shell.env, "NODE_OPTIONS": f"--require {linked}"} if shell.files.is_file(linked) else shell.env
    process = shell.child(env=env, exported={*shell.exported, "NODE_OPTIONS"})
    if words[0] in ("node", "exec"):
        return process.start(words if words[0] == "node" else words[1:])
    return npm_run(process, words[1] if words[0] == "run" else words[0])


def npm_run(shell: Shell, name: str, *, optional: bool = False) -> int:
    try:
        scripts = json.loads(shell.files.text(f"{shell.cwd}/package.json")).get("scripts", {})
    except Missing:
        return shell.say("npm: no package.json")
    if name not in scripts and optional:
        return 0
    if name not in scripts:
        return shell.say(f"npm: no script {name}")
    env = {**shell.env, "PATH": f"{shell.cwd}/node_modules/.bin:{shell.env['PATH']}"}
    for each in (f"pre{name}", name, f"post{name}"):
        if each in scripts:
            status = shell.child(env=env, exported={*shell.exported, "PATH"}).run(scripts[each])
            if status:
                return status
    return 0


@command("npx")
def _npx(shell: Shell, argv: list[str]) -> int:
    place = f"{shell.cwd}/node_modules/.bin/{argv[1]}"
    if not shell.files.is_file(place):
        return shell.say(f"npx: {argv[1]}")
    return shell.start([place, *argv[2:]])


@command("corepack")
def _corepack(shell: Shell, argv: list[str]) -> int:
    if argv[1] not in ("enable", "prepare"):
        raise Unmodelled(f"{argv}")
    shell.files.add("/usr/local/lib/corepack", b"enabled")
    shell.files.add("/usr/local/bin/pnpm", program("pnpm"), 0o755)
    return 0
