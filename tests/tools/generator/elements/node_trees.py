"""Elements: what happens to the packages of a Node project after their install, and which tools need them."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.common import package, plain, save_package
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program

_PATCH = "module.exports.patched = true;\n"


def _scripts(p: Project, **more: str) -> None:
    data = package(p)
    save_package(p, {**data, "scripts": {**data.get("scripts", {}), **more}})  # type: ignore[dict-item]


def _compiled(p: Project, manager: str = "npm") -> None:
    """A build step with a development dependency: run time does not need those."""
    data = package(p)
    data["dependencies"] = {"ms": "2.1.3", **data.get("dependencies", {})}  # type: ignore[dict-item]
    data["devDependencies"] = {"prettier": "3.3.3", **data.get("devDependencies", {})}  # type: ignore[dict-item]
    save_package(p, data)
    _scripts(p, compile="prettier --version")
    p.line("build", f"RUN {manager} run compile")
    p.facts["own-tree"] = "yes"


@element("package-patched", "install", "node", weight=2, fits=plain)
def _patched(p: Project, random: Random) -> None:
    """A step or a hook changes a file of a package that run time loads."""
    manager = random.choice(["npm", "yarn"])
    p.line("install", "COPY package.json ./")
    way = random.choice(["hook", "appended", "copied"])
    if way == "hook":
        text = f'require("fs").appendFileSync("node_modules/ms/index.js", {_PATCH!r});\n'
        writes = {"node_modules/ms/index.js": _PATCH}
        p.script("tools/patch.js", Program("patch", "node", writes=writes), text)
        _scripts(p, postinstall="node tools/patch.js")
        p.line("install", "COPY tools ./tools")
    p.line("install", f"RUN {manager} install")
    if way == "appended":
        p.line("install", f'RUN echo "{_PATCH.strip()}" >> node_modules/ms/index.js')
    if way == "copied":
        p.add("patches/ms.js", "module.exports = (text) => text;\n" + _PATCH)
        p.line("build", "RUN cp patches/ms.js node_modules/ms/index.js")
    _compiled(p, manager)
    p.probe("patched", "ms")


@element("package-patched-by-tool", "install", "node", weight=1, fits=plain)
def _patched_by_tool(p: Project, random: Random) -> None:
    p.static_only = "the patch is none"
    manager = random.choice(["npm", "yarn"])
    data = package(p)
    save_package(p, {**data, "devDependencies": {"patch-package": "8.0.0"}})
    _scripts(p, postinstall=random.choice(["patch-package", "npx patch-package"]))
    p.add("patches/ms+2.1.3.patch", "--- a/node_modules/ms/index.js\n+++ b/node_modules/ms/index.js\n")
    p.line("install", f"COPY package.json ./\nCOPY patches ./patches\nRUN {manager} install")
    _compiled(p, manager)
    p.probe("patched", "ms")


# Packages that load another one of the application by a name which they are told, and how a program uses them.
_LOOKS_UP = {
    "consolidate": (
        "ejs",
        'require("consolidate")[NAME].render("x", {}, (error) => {\n  if (error) throw error;\n});',
    ),
    "knex": ("pg", 'require("knex")({ client: NAME, connection: {} });'),
}


@element("package-looked-up", "install", "node", weight=3, fits=plain)
def _looked_up(p: Project, random: Random) -> None:
    """One of the development dependencies is loaded by a package that does not depend on it."""
    package_, (name, use) = random.choice(sorted(_LOOKS_UP.items()))
    data = package(p)
    versions = {"consolidate": "1.0.4", "ejs": "3.1.10", "knex": "3.1.0", "pg": "8.13.1"}
    data["dependencies"] = {package_: versions[package_]}
    data["devDependencies"] = {name: versions[name]}
    save_package(p, data)
    p.line("install", "COPY package.json ./\nRUN npm install")
    _compiled(p)
    said = json.dumps(name)
    way = random.choice([said, f"process.env.LOADED || {said}", f"[...{said}].join('')", "configured"])
    if way == "configured":
        p.add("config/loaded.json", json.dumps({"name": name}) + "\n")
        way = 'JSON.parse(fs.readFileSync("config/loaded.json", "utf8")).name'
    label = f"looked-up-{len(p.parts)}"
    p.parts.append((label, use.replace("NAME", way) + '\nreturn "yes";'))
    p.main.probes.append(Probe(label, "module", name))


@element("package-unsaved", "install", "node", weight=2, fits=plain)
def _unsaved(p: Project, random: Random) -> None:
    """A package that package.json does not name in the end."""
    p.line("install", "COPY package.json ./\nRUN npm install")
    p.line(
        "install",
        random.choice(["RUN npm install --no-save is-number@7.0.0", "RUN npm install is-number@7.0.0"]),
    )
    _compiled(p)
    p.probe("module", "is-number")


@element("package-copied", "install", "node", weight=1, fits=plain)
def _copied(p: Project, random: Random) -> None:
    p.add("kit/package.json", '{"name": "kit", "version": "1.0.0", "main": "index.js"}\n', application=False)
    p.add("kit/index.js", "exports.kit = 1;\n", application=False)
    p.line("install", "COPY package.json ./\nRUN npm install\nCOPY kit ./node_modules/kit")
    _compiled(p)
    p.probe("module", "kit")


@element("peers-in-conflict", "install", "node", weight=2, fits=plain)
def _peers(p: Project, random: Random) -> None:
    """Packages that npm installs together only if it is told to."""
    data = package(p)
    save_package(p, {**data, "dependencies": {"react": "18.2.0", "react-dom": "17.0.2"}})
    p.line("install", "COPY package.json ./")
    p.line("install", random.choice([
        "RUN npm install --legacy-peer-deps",
        "RUN npm install --force",
        "RUN NPM_CONFIG_LEGACY_PEER_DEPS=true npm install",
        "ENV NPM_CONFIG_LEGACY_PEER_DEPS=true\nRUN npm install",
    ]))  # fmt: skip
    _compiled(p)
    p.probe("module", "react-dom")


@element("git-hooks", "install", "node", weight=2, fits=plain)
def _git_hooks(p: Project, random: Random) -> None:
    p.add(".husky/pre-commit", "npm test\n", application=False)
    data = package(p)
    save_package(p, {**data, "devDependencies": {"husky": "8.0.3"}})
    inner = f"cd .. && husky install {p.home.rpartition('/')[2]}/.husky"
    _scripts(p, prepare=random.choice(["husky install", inner, "husky install || true"]))
    p.line("install", f"COPY package.json ./\nRUN {random.choice(['npm', 'yarn'])} install")
    _compiled(p)
    p.probe("module", "ms")


# Tools that take TypeScript for their settings: the settings, and what starts the tool.
_TYPED = {
    "knex": ("knexfile.ts", 'export default { client: "sqlite3" };\n', "knex migrate:latest"),
    "gulp": ("gulpfile.ts", "export function sweep() {}\n", "gulp sweep"),
    "prisma": ("prisma/seed.ts", "console.log(1);\n", "prisma db seed"),
    "@mikro-orm/cli": ("src/orm.config.ts", "export default {};\n", "mikro-orm migration:up"),
}


@element("tool-with-typed-settings", "install", "node", weight=3, fits=plain)
def _typed(p: Project, random: Random) -> None:
    """A tool that somebody starts in the image reads TypeScript, for which it loads a development dependency."""
    p.static_only = "needs a database"
    tool = random.choice(sorted(_TYPED))
    file, text, command = _TYPED[tool]
    p.add(file, text)
    data = package(p)
    data["dependencies"] = {tool: "1.0.0"}
    data["devDependencies"] = {"ts-node": "10.9.2", "typescript": "5.4.5"}
    if tool == "prisma":
        data["prisma"] = {"seed": "ts-node prisma/seed.ts"}
    if tool == "@mikro-orm/cli":
        data["mikro-orm"] = {"useTsNode": True, "configPaths": [f"./{file}"]}
    save_package(p, data)
    p.line("install", "COPY package.json ./\nRUN npm install")
    _compiled(p)
    way = random.choice(["compose", "script", "before"])
    if way == "before":
        _scripts(p, prestart=command, develop="node server.js", start="node server.js")
        p.runs.append(Run("started", ["npm", "start"], entrypoint=[]))
        p.compose("started", entrypoint=["npm", "start"])
        return
    _scripts(p, upkeep=command)
    words = ["npx", *command.split()] if way == "compose" else ["npm", "run", "upkeep"]
    p.compose("upkeep", Run("upkeep", words, entrypoint=[], reports=False), entrypoint=words)
