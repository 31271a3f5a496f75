"""Elements: the dependencies of a Node project."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.common import module, package, plain, save_package
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Probe, Program

_NPM = {"ms": "2.1.3", "picocolors": "1.1.1", "is-number": "7.0.0"}


def _packages(p: Project, random: Random, *, development: bool = False) -> None:
    names = random.sample(sorted(_NPM), 2)
    data = package(p)
    data["dependencies"] = {n: _NPM[n] for n in names}
    rows: dict[str, object] = {f"node_modules/{n}": {"version": _NPM[n], "license": "MIT"} for n in names}
    root: dict[str, object] = {"name": "app", "version": "1.0.0", "dependencies": data["dependencies"]}
    if development:
        data["devDependencies"] = root["devDependencies"] = {"prettier": "3.3.3"}
        rows["node_modules/prettier"] = {
            "version": "3.3.3",
            "dev": True,
            "bin": {"prettier": "bin/prettier.cjs"},
        }
    save_package(p, data)
    lock = {
        "name": "app",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": root, **rows},
    }
    p.add("package-lock.json", json.dumps(lock, indent=2) + "\n")
    module(p, random, names[0])


@element("no-packages", "install", "node")
def _no_packages(p: Project, random: Random) -> None:
    save_package(p, package(p))


@element("npm-ci", "install", "node", weight=4)
def _npm_ci(p: Project, random: Random) -> None:
    _packages(p, random, development=random.random() < 0.5)
    p.line("install", random.choice(["COPY package*.json ./", "COPY package.json package-lock.json ./"]))
    p.line(
        "install",
        random.choice(
            [
                "RUN npm ci",
                "RUN npm ci && npm cache clean --force",
                "RUN npm ci --omit=dev",
                "RUN npm ci --no-audit --no-fund",
            ]
        ),
    )


@element("npm-install", "install", "node", weight=3)
def _npm_install(p: Project, random: Random) -> None:
    _packages(p, random, development=random.random() < 0.5)
    p.line("install", "COPY package.json ./")
    p.line(
        "install",
        random.choice(
            ["RUN npm install", "RUN npm i", "RUN npm install --production", "RUN npm install --silent"]
        ),
    )


@element("npm-after-copy", "install", "node")
def _after(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("build", random.choice(["RUN npm install", "RUN npm ci", "RUN npm ci && npm run check"]))
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "check": "prettier --version"}  # type: ignore[dict-item]
    save_package(p, data)


@element("npm-environment", "install", "node")
def _environment(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("install", "COPY package*.json ./\nRUN npm ci")
    p.line("after", "ENV NODE_ENV=production")
    p.probe("env", "NODE_ENV")


@element("npm-global", "install", "node", weight=1)
def _global(p: Project, random: Random) -> None:
    save_package(p, package(p))
    p.line("install", "RUN npm install -g semver@7.6.3")
    p.probe("program", "semver")


@element("development-package-needed", "install", "node", weight=2)
def _needed(p: Project, random: Random) -> None:
    data = package(p)
    data["dependencies"] = {"ms": "2.1.3"}
    data["devDependencies"] = {"semver": "7.6.3"}
    save_package(p, data)
    p.line(
        "install",
        random.choice(
            ["COPY package.json .\nRUN npm install", "COPY package*.json ./\nRUN npm install --no-audit"]
        ),
    )
    p.probe("module", "semver")
    p.probe("module", "ms")


@element("development-tool-started", "install", "node", weight=2)
def _tool(p: Project, random: Random) -> None:
    data = package(p)
    data["devDependencies"] = {"semver": "7.6.3", "prettier": "3.3.3"}
    data["scripts"] = {**data.get("scripts", {}), "version-check": "semver 1.0.0"}  # type: ignore[dict-item]
    save_package(p, data)
    p.line("install", "COPY package.json .\nRUN npm install")
    label = f"npm-script-{len(p.parts)}"
    p.parts.append((label, 'child_process.execSync("npm run version-check");\nreturn "yes";'))
    p.main.probes.append(Probe(label, "path", "node_modules/.bin/semver"))


@element("post-install", "install", "node", weight=2)
def _post(p: Project, random: Random) -> None:
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "postinstall": "node tools/prepare.js"}  # type: ignore[dict-item]
    save_package(p, data)
    text = 'const fs = require("fs");\nfs.mkdirSync("prepared", { recursive: true });\nfs.writeFileSync("prepared/ready.txt", "ready\\n");\n'
    p.script("tools/prepare.js", Program("prepare", "node", writes={"prepared/ready.txt": "ready\n"}), text)
    p.line("install", "COPY package.json ./\nCOPY tools ./tools\nRUN npm install")
    p.probe("read", "prepared/ready.txt")


# --- other managers


def _two_packages(p: Project, random: Random, **more: object) -> None:
    data = package(p)
    data["dependencies"] = {"ms": "2.1.3", "picocolors": "1.1.1"}
    data["devDependencies"] = {"prettier": "3.3.3"}
    save_package(p, {**data, **more})
    module(p, random, random.choice(["ms", "picocolors"]))


@element("yarn", "install", "node", weight=3, fits=plain)
def _yarn(p: Project, random: Random) -> None:
    _two_packages(p, random)
    if random.random() < 0.6:
        p.static_only = "a lock file without hashes"
        p.add(
            "yarn.lock",
            "# yarn lockfile v1\n\n\n"
            + "\n".join(f'{n}@{v}:\n  version "{v}"\n' for n, v in {**_NPM, "prettier": "3.3.3"}.items()),
        )
        p.line("install", random.choice(["COPY package.json yarn.lock ./", "COPY package.json yarn.* ./"]))
        p.line(
            "install",
            random.choice(
                [
                    "RUN yarn install --frozen-lockfile",
                    "RUN yarn --frozen-lockfile --production && yarn cache clean",
                    "RUN yarn install --production=true",
                    "RUN yarn",
                ]
            ),
        )
    else:
        p.line("install", "COPY package.json ./\nRUN yarn install")
    if random.random() < 0.5:
        p.facts["manager"] = "yarn"


@element("pnpm", "install", "node", weight=3, fits=plain)
def _pnpm(p: Project, random: Random) -> None:
    how = random.choice(["corepack", "npm"])
    p.static_only = "needs the network" if how == "corepack" else p.static_only
    _two_packages(p, random, **({"packageManager": "pnpm@9.12.0"} if how == "corepack" else {}))
    p.line("install", {"corepack": "RUN corepack enable", "npm": "RUN npm install -g pnpm@9.12.0"}[how])
    if random.random() < 0.6:
        p.static_only = "a lock file without hashes"
        p.add(
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies:\n      ms:\n        specifier: 2.1.3\n        version: 2.1.3\n",
        )
        p.line("install", "COPY package.json pnpm-lock.yaml ./")
        p.line(
            "install",
            random.choice(
                [
                    "RUN pnpm install --frozen-lockfile",
                    "RUN pnpm install --frozen-lockfile --prod",
                    "RUN pnpm i --frozen-lockfile && pnpm store prune",
                ]
            ),
        )
        if random.random() < 0.3:
            p.line("build", "RUN pnpm prune --prod")
    else:
        p.line("install", "COPY package.json ./\nRUN pnpm install")
    if random.random() < 0.5 and "user" not in p.facts:
        p.facts["manager"] = "pnpm"


@element("yarn-berry", "install", "node", weight=2, fits=plain)
def _berry(p: Project, random: Random) -> None:
    p.static_only = "a lock file without hashes"
    linker = (
        random.choice(["node-modules", "node-modules", "pnp"]) if "user" not in p.facts else "node-modules"
    )
    _two_packages(p, random, packageManager="yarn@4.5.0")
    own = random.choice(["", "enableGlobalCache: false\n"])
    p.add(".yarnrc.yml", f"{own}nodeLinker: {linker}\n")
    p.add("yarn.lock", '__metadata:\n  version: 8\n\n"ms@npm:2.1.3":\n  version: 2.1.3\n')
    p.line("install", "RUN corepack enable\nCOPY package.json yarn.lock .yarnrc.yml ./")
    p.line(
        "install",
        random.choice(
            ["RUN yarn install --immutable", "RUN yarn", "RUN yarn workspaces focus --production --all"]
        ),
    )
    if linker == "pnp":
        p.facts["start-prefix"] = "yarn"
        p.facts["beside"] = "yes"


@element("npm-prune", "install", "node", weight=2)
def _prune(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("install", "COPY package*.json ./\nRUN npm ci")
    p.line(
        "build",
        random.choice(
            [
                "RUN npx prettier --version && npm prune --omit=dev",
                "RUN npm prune --production",
                "RUN npm prune --omit=dev && npm cache clean --force",
            ]
        ),
    )


@element("npm-production", "install", "node")
def _production(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("settings", "ENV NODE_ENV=production")
    p.line("install", "COPY package*.json ./")
    p.line(
        "install",
        random.choice(
            [
                "RUN npm ci",
                "RUN npm ci --include=dev",
                "RUN npm install && npm cache clean --force",
                "RUN npm ci --only=production",
            ]
        ),
    )
    p.probe("env", "NODE_ENV")


@element("workspaces", "install", "node", weight=2, fits=plain)
def _workspaces(p: Project, random: Random) -> None:
    if "early" in p.facts:
        return
    data = package(p)
    data["workspaces"] = ["parts/*"]
    data["dependencies"] = {"ms": "2.1.3"}
    save_package(p, data)
    p.add(
        "parts/own-part/package.json",
        '{"name": "own-part", "version": "1.0.0", "main": "index.js", "devDependencies": {"is-number": "7.0.0"}}\n',
    )
    p.add("parts/own-part/index.js", "exports.own = 1;\n")
    p.line(
        "build",
        random.choice(
            [
                "RUN npm install",
                "RUN npm install && npm run --workspaces --if-present build",
                "RUN npm install --omit=dev",
            ]
        ),
    )
    p.probe("module", "own-part")
    p.probe("module", "ms")


@element("settings-of-npm", "install", "node", weight=1)
def _npmrc(p: Project, random: Random) -> None:
    _packages(p, random)
    p.add(".npmrc", "fund=false\naudit=false\n")
    p.line(
        "install",
        random.choice(["COPY .npmrc package*.json ./", "COPY package.json package-lock.json .npmrc ./"]),
    )
    p.line("install", random.choice(["RUN npm ci && rm -f .npmrc", "RUN npm ci --loglevel=error"]))
