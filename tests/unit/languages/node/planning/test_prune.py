"""When development dependencies go, and what pruning leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from unit.node_layouts import BUILD, DEV, final, rewrite

from slimify.config import Options
from slimify.languages.node.planning import prune


@pytest.mark.parametrize(
    ("start", "files", "pruned"),
    [
        pytest.param("node dist/index.js", {}, True, id="nothing-needs-them"),
        pytest.param("node dist/index.js", {"karma.conf.js": "require('jest')"}, True, id="test-config"),
        pytest.param("node dist/index.js", {"src/__test__/a.js": "require('nock')"}, True, id="test"),
        pytest.param("node dist/index.js", {"src/a.mock.ts": "import n from 'nock'"}, True, id="stand-in"),
        pytest.param(
            "node dist/index.js",
            {"src/a.mock.ts": "import n from 'nock'", "src/b.ts": "import m from './a.mock'"},
            False,
            id="stand-in-of-a-source",
        ),
        pytest.param("node dist/index.js", {"src/index.js": "require('cv2')"}, False, id="unknown-package"),
        pytest.param("node dist/index.js", {"tools/a.py": "import cv2\n"}, True, id="another-language"),
        pytest.param("node dist/index.js", {"run_tests.js": "require('nock')"}, True, id="runs-tests"),
        pytest.param("node run_tests.js", {"run_tests.js": "require('nock')"}, False, id="runs-tests-only"),
        pytest.param("node dist/index.js", {"src/index.js": "require('nock')"}, False, id="source"),
        pytest.param(
            "node dist/index.js", {"wdio.conf.js": "exec('ts-node a')"}, True, id="starts-in-a-test"
        ),
        pytest.param(
            "node dist/index.js",
            {
                "wdio.conf.js": "exec('ts-node a')",
                "a.mock.js": "run('./wdio.conf')",
                "b.js": "require('./a.mock')",
            },
            False,
            id="settings-of-a-source",
        ),
        pytest.param("node dist/index.js", {"my-webpack.config.js": "require('nock')"}, True, id="bundler"),
        pytest.param("ts-node src/index.ts", {}, False, id="started"),
        pytest.param("cross-env A=1 npm run inner", {}, False, id="nested-script"),
        pytest.param("run-s inner", {}, False, id="runner"),
        pytest.param("node -r ts-node/register src/index.ts", {}, False, id="preloaded"),
        pytest.param("nps", {"package-scripts.js": "({a: 'ts-node a.ts'})"}, False, id="task-runner"),
        pytest.param("webpack serve", {}, False, id="only-a-peer-brings-it"),
        pytest.param("gulp", {"Gulpfile.js": "run('tsc')"}, False, id="task-runner-command"),
        pytest.param("nps", {"package-scripts.js": "({a: 'node a.js'})"}, True, id="task-runner-plain"),
    ],
)
def test_development_dependencies(tmp_path: Path, start: str, files: dict[str, str], pruned: bool) -> None:
    scripts = {"build": "tsc", "start": start, "inner": "ts-node src/migrate.ts"}
    package = {"scripts": scripts, "dependencies": {"nps": "5"}, **DEV}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, files)
    assert ("npm prune" in (outcome.after or "")) is pruned


TOOLS = dict.fromkeys(("eslint", "prisma", "morgan", "typescript", "@svgr/webpack", "@types/node"), "1")


@pytest.mark.parametrize(
    ("start", "files", "kept"),
    [
        pytest.param("webpack serve", {}, None, id="a-bundler-loads-plugins"),
        pytest.param("ts-node a.ts", {}, None, id="a-compiler-loads-types"),
        pytest.param("nodemon dist/a.js", {}, None, id="people-run-tools-beside-it"),
        pytest.param("node a.js", {"a.js": "require('eslint')"}, None, id="a-linter-loads-rules"),
        pytest.param("node a.js", {"a.js": "require('unheard-of')"}, None, id="it-may-come-along"),
        pytest.param(
            "next start", {"next.config.js": "use(['@svgr/webpack'])"}, "@svgr/webpack", id="settings"
        ),
        pytest.param("next start", {"next.config.js": "({eslint: {}})"}, "", id="a-key-of-settings"),
        pytest.param("next start", {"next.config.ts": ""}, "typescript", id="settings-in-typescript"),
        pytest.param(
            "next start",
            {"next.config.ts": "", "tsconfig.json": '{"extends": "@svgr/webpack/tsconfig.json"}'},
            None,
            id="settings-that-begin-with-those-of-another",
        ),
        pytest.param("db-migrate up; node a.js", {}, None, id="it-loads-drivers-by-parts-of-names"),
        pytest.param("prisma migrate deploy; node a.js", {}, "prisma", id="started"),
        pytest.param(
            "prisma db push; node a.js", {"a.js": "require('morgan')"}, "morgan prisma", id="two-of-them"
        ),
    ],
)
def test_those_that_stay_alone(tmp_path: Path, start: str, files: dict[str, str], kept: str | None) -> None:
    """None: all stay."""
    package = {
        "scripts": {"build": "tsc", "start": start},
        "dependencies": {"next": "15", "polka": "1"},
        "devDependencies": {**TOOLS, "webpack": "5", "nodemon": "3", "ts-node": "10", "db-migrate": "1"},
    }
    after = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, files).after or ""
    removed = re.search(r"npm uninstall --no-save --no-package-lock((?:.*\\\n)*.*)", after)
    if not kept:
        assert removed is None
        assert ("npm prune" in after) is (kept == "")
        return
    assert removed is not None
    assert {*package["devDependencies"]} - {*removed[1].replace("\\", "").split()} == {*kept.split()}


@pytest.mark.parametrize(
    ("start", "live", "kept"),
    [
        pytest.param("node dist/a.js", "express", "", id="no-op"),
        pytest.param("node -r dotenv/config dist/a.js", "express", "dotenv", id="a-package"),
        pytest.param(
            "NODE_OPTIONS='--require dotenv/config' node dist/a.js", "express", "dotenv", id="option"
        ),
        pytest.param("node -r ts-node/register src/a.ts", "express", None, id="a-loader"),
        pytest.param("node -r dotenv/config --import tsx src/a.ts", "express", None, id="a-loader-beside-it"),
        pytest.param("node -r dotenv/config -r ./b.js dist/a.js", "tsx", None, id="a-loader-that-stays"),
        pytest.param("node -r tsconfig-paths/register dist/a.js", "express", None, id="it-reads-paths"),
    ],
)
def test_packages_that_are_loaded_first(tmp_path: Path, start: str, live: str, kept: str | None) -> None:
    """Only what loads TypeScript reads settings, which begin with those of a package for development."""
    names = ("dotenv", "ts-node", "tsconfig-paths", "typescript", "@tsconfig/node20")
    development = dict.fromkeys((*names, *({"tsx"} - {live})), "1")
    package = {"scripts": {"start": start}, "dependencies": {live: "1"}, "devDependencies": development}
    files = {"tsconfig.json": '{"extends": "@tsconfig/node20/tsconfig.json"}', "src/a.ts": "", "b.js": ""}
    after = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, files).after or ""
    assert ("npm prune" in after) is (kept == "")
    removed = re.search(r"npm uninstall --no-save --no-package-lock((?:.*\\\n)*.*)", after)
    left = {*development} - {*removed[1].replace("\\", "").split()} if removed is not None else set()
    assert left == {*(kept or "").split()}


@pytest.mark.parametrize("joint", [" && ", "\nRUN "])
def test_a_script_that_follows_is_repeated(tmp_path: Path, joint: str) -> None:
    """In the builder it ran, too; what was copied from there is no part of what it makes here."""
    text = "FROM node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY fetch.js a.js ./\n"
    script = "const fs = require('fs');\nfs.writeFileSync(require('os').homedir() + '/words', '')\n"
    outcome = rewrite(
        tmp_path,
        f'{text}RUN npm prune --omit=dev{joint}node fetch.js\nCMD ["node", "a.js"]\n',
        {"dependencies": {"is-number": "7"}, "devDependencies": {"prettier": "3"}},
        {"fetch.js": script, "a.js": "require('is-number')\n"},
    )
    assert outcome.rung == "slim"
    assert "RUN node fetch.js" in final(outcome)


@pytest.mark.parametrize(("manager", "pruned"), [("pnpm", True), ("yarn", False)])
def test_a_generated_client(tmp_path: Path, manager: str, pruned: bool) -> None:
    """pnpm leaves what was added to packages that stay, yarn 1 removes it."""
    text = f"FROM node:20\nWORKDIR /app\nRUN npm i -g {manager}\nCOPY . .\nRUN {manager} install && npx tsc\n"
    package = {"dependencies": {"@prisma/client": "6", "prisma": "6"}, "devDependencies": {"typescript": "5"}}
    lock = {"pnpm": "pnpm-lock.yaml", "yarn": "yarn.lock"}[manager]
    outcome = rewrite(
        tmp_path, text + 'CMD ["node", "a.js"]\n', package, {"a.js": "", lock: "lockfileVersion: '9.0'\n"}
    )
    assert ("prune --prod" in (outcome.after or "") or "--production" in (outcome.after or "")) is pruned


@pytest.mark.parametrize("manager", ["yarn", "pnpm"])
def test_what_to_list_elsewhere_where_all_stay(tmp_path: Path, manager: str) -> None:
    package = {"scripts": {"start": "next start", "build": "next build"}, "dependencies": {"next": "15"}}
    text = f"FROM node:20\nWORKDIR /app\nCOPY . .\nRUN {manager} install && {manager} run build\n"
    files = {"next.config.ts": ""}
    outcome = rewrite(tmp_path, text + 'CMD ["npm", "start"]\n', {**package, "devDependencies": TOOLS}, files)
    told = [d.text for d in outcome.decisions if d.code == "SL313"]
    assert any("With typescript in `dependencies`, the others could be dropped" in text for text in told)


def _lock(**bins: dict[str, str]) -> str:
    """A lock file: the packages with their commands; `live` ones are not for development only."""
    packages = {
        f"node_modules/{name}": {"version": "1.0.0", "dev": not name.startswith("live"), "bin": bins[name]}
        for name in bins
    }
    return json.dumps({"lockfileVersion": 3, "packages": packages})


PRISMA = {"prisma": {"seed": "ts-node prisma/seed.ts"}}
COMPILER = {"dependencies": {"ts-node": "10", "gulp": "4"}, "devDependencies": {"typescript": "5"}}
ORM = {"mikro-orm": {"useTsNode": True, "configPaths": ["./src/orm.ts"]}}


@pytest.mark.parametrize(
    ("paths", "pruned"),
    [
        ({"entities/*": ["./src/entities/*"]}, True),
        ({"entities": ["src/entities.ts"]}, True),
        ({"*": ["./src/*"]}, False),
        ({"entities": ["./node_modules/entities"]}, False),
    ],
)
def test_other_names_of_own_files(tmp_path: Path, paths: dict[str, list[str]], pruned: bool) -> None:
    """A package of this name is there because of one for development."""
    files = {
        "src/index.ts": "import { decode } from 'entities/decode'",
        "tsconfig.json": json.dumps({"compilerOptions": {"paths": paths}}),
        "package-lock.json": _lock(jest={}, entities={}),
    }
    package = {"scripts": {"build": "tsc"}, "devDependencies": {"jest": "29"}}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["node", "dist/index.js"]\n', package, files)
    assert ("npm prune" in (outcome.after or "")) is pruned


@pytest.mark.parametrize(
    ("start", "settings", "files", "pruned"),
    [
        pytest.param(
            "knex migrate:latest; node dist/a.js", {}, "knexfile.js", True, id="configuration-in-javascript"
        ),
        pytest.param("knex migrate:latest; node dist/a.js", {}, "src/knexfile.ts", True, id="elsewhere"),
        pytest.param("node dist/a.js", ORM, "knexfile.ts src/orm.ts", True, id="not-started"),
        pytest.param(
            "prisma migrate deploy; node dist/a.js", PRISMA, "prisma/seed.ts", True, id="another-word"
        ),
        pytest.param("vite preview", {}, "vite.config.ts", True, id="a-loader-of-its-own"),
        pytest.param("tsx src/a.ts", {}, "src/a.ts", True, id="needs-no-loader"),
        pytest.param("knex migrate:latest; node dist/a.js", {}, "knexfile.ts", False, id="file"),
        pytest.param("npx knex migrate:latest", {}, "knexfile.ts", False, id="npx"),
        pytest.param("gulp serve", {}, "gulpfile.ts", False, id="gulp"),
        pytest.param("gulp a", COMPILER, "gulpfile.ts", False, id="the-compiler-of-a-loader"),
        pytest.param("next start", {}, "next.config.ts", False, id="installs-the-compiler-if-missing"),
        pytest.param("acme run", {}, "acme.config.mts", False, id="a-program-nobody-knows"),
        pytest.param("typeorm migration:run -d src/data.ts", {}, "src/data.ts", False, id="argument"),
        pytest.param("typeorm migration:run --dataSource=src/data.ts", {}, "src/data.ts", False, id="option"),
        pytest.param("mikro-orm migration:up", ORM, "src/orm.ts", False, id="key-of-package.json"),
        pytest.param(
            "prisma db seed; node dist/a.js", PRISMA, "prisma/seed.ts", False, id="command-of-package.json"
        ),
    ],
)
def test_loaders_of_typescript(
    tmp_path: Path, start: str, settings: dict[str, object], files: str, pruned: bool
) -> None:
    """A started program reads its configuration in TypeScript with what is installed for that."""
    names = ("knex", "vite", "tsx", "gulp", "next", "typeorm", "@mikro-orm/cli", "prisma", "acme")
    scripts = {"build": "tsc", "start": start}
    package = {"scripts": scripts, "dependencies": dict.fromkeys(names, "1"), **DEV, **settings}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, dict.fromkeys(files.split(), ""))
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("start", "pruned"),
    [
        pytest.param('CMD ["node", "dist/a.js"]', True, id="nothing"),
        pytest.param('CMD ["node", "-r", "./setup", "dist/a.js"]', True, id="own-module"),
        pytest.param('CMD ["node", "dist/a.js", "-r", "nock"]', False, id="argument-of-the-program"),
        pytest.param('CMD ["node", "-r", "nock/config", "dist/a.js"]', False, id="option"),
        pytest.param("CMD node --import=@acme/hooks/register dist/a.js", False, id="with-scope"),
        pytest.param(
            "ENV NODE_OPTIONS='--max-http-header-size 1 --require nock'\nCMD node a.js", False, id="variable"
        ),
    ],
)
def test_packages_that_node_loads_first(tmp_path: Path, start: str, pruned: bool) -> None:
    package = {"scripts": {"build": "tsc"}, "devDependencies": {**DEV["devDependencies"], "@acme/hooks": "1"}}
    outcome = rewrite(tmp_path, f"{BUILD}{start}\n", package, {})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("files", "pruned"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({"node_modules/nock/package.json": "{}"}, True, id="one-that-is-listed"),
        pytest.param({"node_modules/own/package.json": "{}"}, False, id="one-that-is-not"),
        pytest.param({"node_modules/@own/a/package.json": "{}"}, False, id="one-with-scope"),
        pytest.param({"node_modules/own/a": "", ".dockerignore": "node_modules"}, True, id="ignored"),
    ],
)
def test_packages_of_the_context(tmp_path: Path, files: dict[str, str], pruned: bool) -> None:
    package = {"scripts": {"build": "tsc"}, **DEV}
    lines = "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\nRUN npm run build\n"
    outcome = rewrite(tmp_path, f'{lines}CMD ["node", "a.js"]\n', package, files)
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


def test_a_loader_that_production_needs_too(tmp_path: Path) -> None:
    """npm leaves what another dependency needs."""
    entries = {"typeorm": {}, "ts-node": {"devOptional": True}, "typescript": {"devOptional": True}}
    locked = {f"node_modules/{name}": {"version": "1.0.0", **entry} for name, entry in entries.items()}
    package = {
        "scripts": {"build": "tsc", "start": "typeorm-ts-node-commonjs migration:run -d src/data.ts"},
        "dependencies": {"typeorm": "1"},
        "devDependencies": {"ts-node": "10", "typescript": "5", "jest": "29"},
    }
    files = {"src/data.ts": "", "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": locked})}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, files)
    assert "npm prune" in (outcome.after or ""), outcome.decisions


UNKNOWN = {"devDependencies": {"acme-tools": "1"}}
LIVE = {"dependencies": {"live-tools": "1"}, **UNKNOWN}


@pytest.mark.parametrize(
    ("start", "package", "lock", "pruned"),
    [
        pytest.param("node a.js", UNKNOWN, None, True, id="nothing-unknown-is-started"),
        pytest.param(
            "begin", LIVE, _lock(**{"acme-tools": {}, "live-tools": {"begin": "a"}}), True, id="live"
        ),
        pytest.param("begin", UNKNOWN, _lock(**{"acme-tools": {"stop": "a"}}), True, id="another-program"),
        pytest.param("begin", UNKNOWN, _lock(**{"acme-tools": {"begin": "a"}}), False, id="its-program"),
        pytest.param(
            "begin", UNKNOWN, _lock(**{"acme-tools": {}, "x": {"begin": "a"}}), False, id="its-need"
        ),
        pytest.param("begin", UNKNOWN, None, False, id="unknown-which"),
    ],
)
def test_programs_of_packages(
    tmp_path: Path, start: str, package: dict[str, object], lock: str | None, pruned: bool
) -> None:
    """The lock file shows which package installs a command, whatever its name."""
    files = {"package-lock.json": lock} if lock else {}
    scripts = {"build": "node build.js", "start": start}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', {"scripts": scripts, **package}, files)
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


def test_the_distribution_brings_the_interpreter(tmp_path: Path) -> None:
    """That no package of the project brings `node` and `npm` is no sign of an unknown program."""
    text = BUILD.replace("node:20", "debian:12\nRUN apt-get update && apt-get install -y nodejs npm")
    scripts = {"build": "node build.js", "start": "node a.js"}
    outcome = rewrite(tmp_path, text + 'CMD ["npm", "start"]\n', {"scripts": scripts, **UNKNOWN}, {})
    assert "SL312" in {d.code for d in outcome.decisions}, outcome.decisions


@pytest.mark.parametrize(
    ("path", "pruned"),
    [("/app/node_modules/nock", False), ("/app/data", True)],
)
def test_a_package_to_be_kept_keeps_what_it_came_with(tmp_path: Path, path: str, pruned: bool) -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/index.js"}, **DEV}
    text = BUILD + 'CMD ["npm", "start"]\n'
    outcome = rewrite(tmp_path, text, package, {"data/a": ""}, Options(keep_paths=(path,)))
    assert ("npm prune" in (outcome.after or "")) is pruned


@pytest.mark.parametrize(
    ("middle", "joined"),
    [
        pytest.param("", True, id="comment-above"),
        pytest.param("RUN npm run lint\n", True, id="side-by-side-already"),
        pytest.param("RUN cd /app && npm run build\n", False, id="directory-changes"),
        pytest.param('RUN ["npm", "run", "build"]\n', False, id="exec-form"),
    ],
)
def test_pruning_joins_the_last_run(tmp_path: Path, middle: str, joined: bool) -> None:
    text = BUILD.replace("RUN npm run build\n", "# Bundle\nRUN npm run build\n") + middle
    package = {"scripts": {"build": "tsc", "lint": "tsc"}, "dependencies": {"express": "4"}, **DEV}
    outcome = rewrite(tmp_path, text + 'CMD ["node", "dist/a.js"]\n', package, {})
    assert ("&& npm prune" in (outcome.after or "")) is joined
    assert ("\nRUN npm prune" in (outcome.after or "")) is not joined


@pytest.mark.parametrize(
    ("base", "copied", "command", "lock", "pruned"),
    [
        ("node:20", "package*.json", "npm ci", "package-lock.json", "npm prune --omit=dev"),
        ("node:20", "*.json", "npm ci", "npm-shrinkwrap.json", "npm prune --omit=dev"),
        ("node:20", "package.json", "npm install", "", "npm prune --omit=dev --no-package-lock"),
        ("node:20", "package.json", "npm i", "package-lock.json", "npm prune --omit=dev --no-package-lock"),
        ("node:14", "package.json", "npm install", "", "npm prune --production --no-package-lock"),
        (
            "node:20", "package*.json", "npm ci --legacy-peer-deps", "package-lock.json",
            "npm prune --omit=dev --legacy-peer-deps",
        ),
        ("node:20", "package*.json", "npm ci --omit optional", "package-lock.json", ""),
        ("node:20", "package*.json", "NPM_CONFIG_FORCE=1 npm ci", "package-lock.json", ""),
        (
            "node:20", "package.json yarn.lock", "yarn", "yarn.lock",
            "yarn install --production --ignore-scripts --prefer-offline",
        ),
        ("node:20", "package.json", "yarn", "yarn.lock", ""),
        ("node:20", "package.json pnpm-lock.yaml", "pnpm i", "pnpm-lock.yaml", "pnpm prune --prod"),
        ("node:20", "package.json", "pnpm i", "pnpm-lock.yaml", ""),
    ],
)  # fmt: skip
def test_pruning_changes_no_version(
    tmp_path: Path, base: str, copied: str, command: str, lock: str, pruned: str
) -> None:
    """A lock file that comes after the install says other versions than were installed."""
    text = (
        f"FROM {base}\nWORKDIR /app\nRUN npm i -g pnpm\nCOPY {copied} ./\nRUN {command}\n"
        'COPY . .\nRUN npx tsc\nCMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}
    content = (
        "lockfileVersion: '9.0'\n" if lock.endswith("yaml") else "{}" if lock.endswith("json") else "# v1\n"
    )
    outcome = rewrite(tmp_path, text, package, {"a.js": "", **({lock: content} if lock else {})})
    lines = [line.strip().removeprefix("&& ") for line in (outcome.after or "").splitlines()]
    found = [line for line in lines if line.startswith(("npm prune", "pnpm prune", "yarn install --prod"))]
    assert found == ([pruned] if pruned else [])


@pytest.mark.parametrize("members", [(), ("packages/api",), ("packages/api", "packages/shared")])
def test_pnpm_asks_before_it_prunes_a_workspace(tmp_path: Path, members: tuple[str, ...]) -> None:
    steps = "RUN npm i -g pnpm\nWORKDIR /app\nCOPY . .\nRUN pnpm i\nRUN npx tsc\n"
    text = f'FROM node:20\n{steps}CMD ["node", "a.js"]\n'
    package = {"dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}
    files = {"a.js": "", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    if members:
        files["pnpm-workspace.yaml"] = "packages:\n  - packages/*\n"
    files |= {f"{member}/package.json": "{}" for member in members}
    outcome = rewrite(tmp_path, text, package, files)
    assert ("pnpm prune" in (outcome.after or "")) is (not members)


_INSTALL = "CI=true pnpm install --prod"


@pytest.mark.parametrize(
    ("install", "member", "option"),
    [
        pytest.param("pnpm i --filter api", {}, "", id="one-member-alone"),
        pytest.param("pnpm i", {"dependencies": {"@prisma/client": "6"}}, "", id="a-generated-client"),
        pytest.param("pnpm i", {"scripts": {"prepare": "tsc"}}, "", id="a-hook"),
        pytest.param("--mount=type=cache,target=/s pnpm i", {}, "", id="a-store-that-is-not-there"),
        pytest.param("pnpm i", {}, "--no-frozen-lockfile", id="the-lock-file-may-be-old"),
        pytest.param("pnpm i --frozen-lockfile", {}, "--frozen-lockfile", id="frozen"),
    ],
)
def test_pnpm_installs_a_workspace_again(
    install: str, member: dict[str, object], option: str, tmp_path: Path
) -> None:
    text = f"FROM node:20\nRUN npm i -g pnpm\nWORKDIR /app\nCOPY . .\nRUN {install}\nRUN npx tsc\n"
    package = {"dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}
    files = {"a.js": "", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    files |= {"pnpm-workspace.yaml": "packages: [api]\n", "api/package.json": json.dumps(member)}
    after = rewrite(tmp_path, text + 'CMD ["node", "a.js"]\n', package, files).after or ""
    assert (f"{_INSTALL} {option} " in after) if option else (_INSTALL not in after)


SERVES = "const e = require('express')\nconst app = e()\napp.use('/lib', e.static({0}))\napp.listen(80)\n"


@pytest.mark.parametrize(
    ("directory", "page", "pruned"),
    [
        pytest.param("'public'", "<p>", True, id="no-package"),
        pytest.param("'node_modules'", "<p>", False, id="all-packages"),
        pytest.param("__dirname + '/node_modules/typescript/lib'", "<p>", False, id="a-development-package"),
        pytest.param(
            "'public'", '<script src="/node_modules/typescript/lib/a.js">', False, id="a-page-loads-one"
        ),
    ],
)
def test_packages_that_pages_load_stay(directory: str, page: str, pruned: bool, tmp_path: Path) -> None:
    text = (
        'FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\nCMD ["node", "a.js"]\n'
    )
    package: dict[str, object] = {
        "dependencies": {"express": "4"},
        "devDependencies": {"typescript": "5", "ava": "6"},
    }
    files = {"a.js": SERVES.format(directory), "public/index.html": page}
    assert ("--omit=dev" in (rewrite(tmp_path, text, package, files).after or "")) is pruned


@pytest.mark.parametrize(
    ("scripts", "step", "pruned"),
    [
        pytest.param({}, "npx tsc", True, id="no-hook"),
        pytest.param({"prepare": "is-ci || husky install"}, "npx tsc", True, id="hook-of-git"),
        pytest.param({"postinstall": "patch-package"}, "npx tsc", False, id="hook-that-patches"),
        pytest.param({"postinstall": "node setup.js"}, "npx tsc", False, id="hook-with-own-code"),
        pytest.param({}, "npx tsc && npx patch-package", False, id="step-that-patches"),
        pytest.param({}, "sed -i s/a/b/ node_modules/a/b.js && npx tsc", False, id="step-that-edits"),
    ],
)
def test_yarn_prunes_by_installing_again(
    tmp_path: Path, scripts: dict[str, str], step: str, pruned: bool
) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN yarn\nRUN {step}\nCMD ["node", "a.js"]\n'
    package = {"scripts": scripts, "dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}
    outcome = rewrite(tmp_path, text, package, {"a.js": "", "yarn.lock": "# v1\n"})
    assert ("--production" in (outcome.after or "")) is pruned


@pytest.mark.parametrize(
    ("steps", "pruned"),
    [
        pytest.param("RUN npm install\nCOPY . .", True, id="nothing-else"),
        pytest.param("RUN npm install\nRUN npm install koa\nCOPY . .", True, id="that-the-project-names"),
        pytest.param("RUN npm install\nCOPY src ./\nRUN npm install pg", True, id="that-npm-saves"),
        pytest.param("RUN npm install\nRUN npm install pg\nCOPY . .", False, id="that-a-copy-forgets"),
        pytest.param("RUN npm install\nCOPY src ./\nRUN npm i --no-save pg", False, id="unsaved"),
        pytest.param("RUN npm install\nCOPY . .\nCOPY src node_modules/own", False, id="copied"),
    ],
)
def test_packages_that_package_json_does_not_name(tmp_path: Path, steps: str, pruned: bool) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY package.json ./\n{steps}\nRUN npx tsc\nCMD ["node", "a.js"]\n'
    package = {"dependencies": {"koa": "2"}, "devDependencies": {"typescript": "5"}}
    outcome = rewrite(tmp_path, text, package, {"a.js": "", "src/a.js": ""})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.after


@pytest.mark.parametrize(("hook", "pruned"), [("husky install", True), ("lerna bootstrap --hoist", False)])
def test_packages_that_another_program_puts_beside_them(tmp_path: Path, hook: str, pruned: bool) -> None:
    """lerna installs what its packages need; the hook that starts it runs again in that install."""
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "packages/web/a.js"]\n'
    package = {"scripts": {"postinstall": hook}, "devDependencies": {"lerna": "3", "husky": "4"}}
    files = {
        "lerna.json": '{"packages": ["packages/*"]}',
        "packages/web/package.json": '{"dependencies": {"express": "4"}}',
        "packages/web/a.js": "require('express')",
    }
    outcome = rewrite(tmp_path, text, package, files)
    assert "SL392" not in {d.code for d in outcome.decisions}, outcome.decisions
    assert bool(re.search("npm prune|--omit=dev", outcome.after or "")) is pruned


@pytest.mark.parametrize(
    ("install", "build", "pruned"),
    [
        pytest.param("RUN npm install", "RUN npm run build\nUSER node", True, id="before"),
        pytest.param("USER node\nRUN npm install", "RUN npm run build", True, id="same-account"),
        pytest.param("USER node\nRUN npm install", "USER root\nRUN npm run build", True, id="root"),
        pytest.param("RUN npm install", "USER node\nRUN npm run build", False, id="another-account"),
        pytest.param(
            "RUN npm install && chown -R node /app",
            "USER node\nRUN npm run build",
            True,
            id="which-owns-them",
        ),
    ],
)
def test_only_who_owns_packages_prunes_them(tmp_path: Path, install: str, build: str, pruned: bool) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\n{install}\n{build}\nCMD ["node", "dist/a.js"]\n'
    outcome = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, {})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("base", "user", "options"),
    [
        ("node:20", "", "--omit=dev"),
        ("node:20", "USER node\n", "--omit=dev --no-save"),
        ("node:12", "USER node\n", "--production"),
    ],
)
def test_a_lock_file_of_another_account_is_not_written(
    tmp_path: Path, base: str, user: str, options: str
) -> None:
    """npm 7 and later write it anew when they prune; npm 6 does not prune if it is told not to."""
    text = (
        f"FROM {base}\nRUN mkdir /app && chown node /app\nWORKDIR /app\n{user}COPY package*.json ./\n"
        'RUN npm ci\nCOPY . .\nRUN npx tsc\nCMD ["node", "dist/a.js"]\n'
    )
    after = rewrite(tmp_path, text, DEV, {"package-lock.json": "{}"}).after or ""
    assert f"&& npm prune {options}\n" in after


def test_a_prune_that_is_not_valid_costs_no_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "prune_command", lambda *_: "rm -rf node_modules")
    outcome = rewrite(tmp_path, BUILD + 'CMD ["node", "dist/a.js"]\n', DEV, {})
    assert outcome.rung == "slim"
    assert "rm -rf node_modules" not in (outcome.after or "")
    assert any(d.code == "SL409" for d in outcome.decisions)


@pytest.mark.parametrize(
    ("command", "lean"),
    [
        pytest.param(
            "npm install && npm audit", "npm install --omit=dev && npm audit", id="no-op-it-only-looks"
        ),
        pytest.param("npm install", "npm install --omit=dev", id="no-op-alone"),
        pytest.param("npm install && npm audit fix", "npm install && npm audit fix --omit=dev", id="fix"),
        pytest.param("npm install && npm dedupe", "npm install && npm dedupe\n", id="dedupe"),
        pytest.param("npm install && npm install polka", "npm install && npm install polka\n", id="one-more"),
    ],
)
def test_later_commands_install_again(command: str, lean: str, tmp_path: Path) -> None:
    """What the last install of all packages leaves out is not installed: an earlier one may."""
    text = (
        f'FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN {command}\nCOPY . .\nCMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}, "devDependencies": {"mocha": "10"}}
    assert lean in (rewrite(tmp_path, text, package, {"a.js": "require('express')"}).after or "")
