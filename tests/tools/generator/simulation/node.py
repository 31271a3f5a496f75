"""Node: the interpreter, and the programs that packages bring."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import PurePosixPath

from tools.generator.simulation.files import Missing
from tools.generator.simulation.npm import npm, npm_run
from tools.generator.simulation.python import run_source
from tools.generator.simulation.shell import Shell, Unmodelled, command

_TYPED = {"knex": "knexfile.ts", "gulp": "gulpfile.ts", "mikro-orm": "src/orm.config.ts"}


@command("docker-entrypoint.sh")
def _node_entry(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    if not words or words[0].startswith("-") or shell.find(words[0]) is None:
        words = ["node", *words]
    return shell.start(words)


@command("node")
def _node(shell: Shell, argv: list[str]) -> int:
    words = [w for w in argv[1:] if not w.startswith(("--enable", "--max"))]
    while words[:1] in (["-r"], ["--require"]):
        if not find_package(shell, words[1].partition("/")[0], shell.cwd):
            return shell.say(f"node: cannot find {words[1]}")
        words = words[2:]
    if not words or words[0] in ("--version", "-v"):
        return 0
    if words[0] in ("-e", "-p"):
        raise Unmodelled(f"{argv}")
    path = shell.path(words[0])
    for each in (path, path + ".js", path + "/index.js"):
        if shell.files.is_file(each):
            text = shell.files.read(each)
            if match := re.search(rb"// program of (\S+?)(?:@[\d.]+)?: ([\w-]+)", text):
                return node_tool(shell, each, match[1].decode(), match[2].decode(), words[1:])
            return run_source(shell, "node", each, words)
    return shell.say(f"node: {path} not found")


def node_tool(shell: Shell, place: str, package: str, name: str, words: list[str]) -> int:
    """A program that an npm package brings."""
    if name == "tsc":
        config = shell.path(words[words.index("-p") + 1] if "-p" in words else "tsconfig.json")
        try:
            options = json.loads(shell.files.text(config))["compilerOptions"]
        except Missing:
            return shell.say("tsc: no tsconfig.json")
        source, target = shell.path(options["rootDir"]), shell.path(options["outDir"])
        for each in shell.files.below(source):
            if each.endswith(".ts"):
                made = str(PurePosixPath(target + each[len(source) :]).with_suffix(".js"))
                shell.files.make_directories(posixpath.dirname(made), uid=shell.uid, gid=shell.gid)
                shell.files.write(
                    made, b"// compiled\n" + shell.files.read(each), uid=shell.uid, gid=shell.gid
                )
        return 0
    if name == "nodemon":
        return _launched(shell, words[1:]) if words[0] == "--exec" else shell.start(["node", *words])
    if name == "launch-it":
        return _launched(shell, words)
    if name == "patch-package":
        return _patch(shell)
    if name in _TYPED and shell.files.is_file(shell.path(_TYPED[name])):
        typed = all(find_package(shell, each, shell.cwd) for each in ("ts-node", "typescript"))
        return 0 if typed else shell.say(f"{name}: cannot read {_TYPED[name]} without ts-node")
    own = _TOOLS.get(name)
    if own is not None:
        return own(shell, words)
    if name == "pnpm":
        return npm(shell, ["pnpm", *words])
    if name == "pm2-runtime":
        target, *given = words[words[0] == "start" :]
        if target.endswith(".config.js"):
            try:
                found = dict(re.findall(r'(script|args): "([^"]+)"', shell.files.text(shell.path(target))))
            except Missing:
                return shell.say(f"pm2: {target}")
            target, given = found.get("script", target), found.get("args", "").split()
        return _launched(shell, [target, *given] if target == "npm" else ["node", target])
    if name in ("pm2",):
        return shell.start(["node", *[w for w in words if w != "start" and not w.startswith("--")][:1]])
    return 0


def _launched(shell: Shell, words: list[str]) -> int:
    """A command line that a program is told to start."""
    return shell.start(words[0].split() if len(words) == 1 else [w for w in words if w != "--"])


def _knex(shell: Shell, words: list[str]) -> int:
    if not shell.files.is_file(shell.path("knexfile.js")):
        return 0
    text = shell.files.text(shell.path("knexfile.js"))
    for required in re.findall(r'require\("(\./[^"]+)"\)', text):
        if not shell.files.is_file(shell.path(required)):
            return shell.say(f"knex: {required}")
    place = re.search(r'directory: "([^"]+)"', text)
    steps = shell.files.names(shell.path(place[1])) if place else []
    return 0 if steps else shell.say("knex: no migrations")


def _prisma(shell: Shell, words: list[str]) -> int:
    if words[:2] == ["db", "seed"]:
        data = json.loads(shell.files.text(shell.path("package.json")))
        return shell.start([shell.path(f"node_modules/.bin/{data['prisma']['seed'].split()[0]}")])
    if not shell.files.is_file(shell.path("prisma/schema.prisma")) or shell.find("openssl") is None:
        return shell.say("prisma: no schema, or no openssl")
    if words[:1] == ["generate"]:
        if not find_package(shell, "@prisma/client", shell.cwd):
            return shell.say("prisma: no client")
        shell.files.add(shell.path("node_modules/.prisma/client/index.js"), "// client\n")
        return 0
    steps = shell.files.glob(shell.path("prisma/migrations/*/migration.sql"))
    return 0 if steps else shell.say("prisma: no migrations")


def _cross_env(shell: Shell, words: list[str]) -> int:
    return shell.start(["env", *words])


def _run_all(shell: Shell, words: list[str]) -> int:
    return next((status for name in words if (status := npm_run(shell, name))), 0)


def _next(shell: Shell, words: list[str]) -> int:
    if words[:1] == ["build"]:
        if not shell.files.is_directory(shell.path("pages")):
            return shell.say("next: no pages")
        shell.files.add(shell.path(".next/BUILD_ID"), "1")
    return 0


_TOOLS = {
    "knex": _knex,
    "prisma": _prisma,
    "cross-env": _cross_env,
    "run-s": _run_all,
    "run-p": _run_all,
    "next": _next,
}


def _patch(shell: Shell) -> int:
    """patch-package: what is in patches/ is applied to the packages."""
    for path in shell.files.glob(shell.path("patches/*.patch")):
        target = shell.path(f"node_modules/{posixpath.basename(path).partition('+')[0]}/index.js")
        if not shell.files.is_file(target):
            return shell.say(f"patch-package: {target} is not there")
        shell.files.write(target, shell.files.text(target) + "module.exports.patched = true;\n")
    return 0


def find_package(shell: Shell, name: str, start: str) -> bool:
    """Whether `require` finds a package from a directory."""
    if linked := re.search(r"--require (\S+\.pnp\.cjs)", shell.env.get("NODE_OPTIONS", "")):
        packages = json.loads(shell.files.text(linked[1])) if shell.files.is_file(linked[1]) else {}
        return name in packages and shell.files.is_file(packages[name])
    place = start
    while True:
        if shell.files.is_file(posixpath.join(place, "node_modules", name, "package.json")):
            return True
        if place == "/":
            break
        place = posixpath.dirname(place)
    extra = shell.env.get("NODE_PATH", "").split(":")
    return any(shell.files.is_file(posixpath.join(p, name, "package.json")) for p in extra if p)
