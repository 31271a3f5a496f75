"""Development dependencies of workspaces, of compilers that run at start, and optional peers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.node_layouts import BUILD, rewrite

SERVER = "packages/server/package.json"


@pytest.mark.parametrize(
    ("start", "member", "files", "pruned"),
    [
        pytest.param('["node", "dist/a.js"]', {}, {}, True, id="nothing"),
        pytest.param('["node", "dist/a.js"]', {}, {"src/a.ts": "import 'acme'"}, False, id="import"),
        pytest.param('["npm", "start"]', {}, {}, False, id="started"),
        pytest.param('["npm", "run", "serve"]', {}, {}, True, id="another-script"),
        pytest.param(
            '["node", "dist/a.js"]',
            {"dependencies": {"acme": "1"}},
            {"src/a.ts": "import 'acme'"},
            True,
            id="needed-anyhow",
        ),
    ],
)
def test_members(
    tmp_path: Path, start: str, member: dict[str, object], files: dict[str, str], pruned: bool
) -> None:
    """An install in the root covers the packages of all members, and so does what prunes them."""
    text = (
        "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nWORKDIR /app/packages/server\n"
        f"RUN npm run build\nCMD {start}\n"
    )
    scripts = {"build": "tsc", "start": "nodemon dist/a.js", "serve": "node dist/a.js"}
    server = {"scripts": scripts, "devDependencies": {"typescript": "5", "nodemon": "3", "acme": "1"}}
    inner = {f"packages/server/{name}": text for name, text in files.items()}
    root: dict[str, object] = {"workspaces": ["packages/*"], "devDependencies": {"prettier": "3"}}
    outcome = rewrite(tmp_path, text, root, {SERVER: json.dumps({**server, **member}), **inner})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("start", "pruned"),
    [
        ("node dist/index.js", True),
        ("tsx src/index.ts", True),
        ("sleep 5 && node dist/index.js", True),
        ("next start", True),
        ("npm run build && node dist/index.js", False),
        ("next build && next start", False),
        ("ts-node src/index.ts", False),
        ("babel-node index.js", False),
        ("node -r ts-node/register src/index.ts", False),
    ],
)
def test_compilers_that_run_at_start(tmp_path: Path, start: str, pruned: bool) -> None:
    """They load types, presets and plugins that only settings name, or nothing."""
    names = ("typescript", "ts-node", "tsx", "next", "@babel/node", "express")
    package = {
        "scripts": {"build": "tsc", "start": start},
        "dependencies": dict.fromkeys(names, "1"),
        "devDependencies": {"@types/express": "4", "jest": "29"},
    }
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, {})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("listed", "pruned"),
    [
        ("playwright-extra", False),
        ("@acme/playwright-extra", False),
        ("playwright", True),
        ("extra", True),
        ("@types/playwright-extra", True),
        ("storybook-ui", True),
    ],
)
def test_optional_peers(tmp_path: Path, listed: str, pruned: bool) -> None:
    """The lock file of Yarn 1 does not say who loads a package if it is there."""
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN yarn install\nCMD ["node", "a.js"]\n'
    package = {"dependencies": {listed: "1"}, "devDependencies": {"playwright": "1", "@acme/storybook": "1"}}
    outcome = rewrite(tmp_path, text, package, {"a.js": "", "yarn.lock": "# yarn lockfile v1\n"})
    assert ("--production" in (outcome.after or "")) is pruned, outcome.decisions


@pytest.mark.parametrize(
    ("listed", "development", "pruned"),
    [
        (("express",), "globby", True),
        (("@oclif/config",), "globby", False),
        (("sequelize",), "pg", False),
        (("sequelize", "mysql2"), "pg", True),
        (("sequelize",), "chai", True),
    ],
)
def test_what_another_package_looks_up_in_the_application(
    tmp_path: Path, listed: tuple[str, ...], development: str, pruned: bool
) -> None:
    package = {
        "dependencies": dict.fromkeys(listed, "1"),
        "devDependencies": {development: "10", "jest": "29"},
    }
    outcome = rewrite(tmp_path, BUILD + 'CMD ["node", "a.js"]\n', package, {"a.js": ""})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions


LOCKED = {
    "node_modules/chalk": {"version": "4.0.0", "dev": True},
    "node_modules/ms": {"version": "2.0.0"},
    "node_modules/eslint": {"version": "8.0.0", "dev": True, "bin": {"eslint": "a"}},
}


@pytest.mark.parametrize(
    ("module", "locked", "files", "pruned"),
    [
        pytest.param("fs", False, {}, True, id="builtin"),
        pytest.param("express", False, {}, True, id="listed"),
        pytest.param("ms", True, {}, True, id="of-another-dependency"),
        pytest.param("chalk", True, {}, False, id="of-a-development-dependency"),
        pytest.param("chalk", False, {}, False, id="of-one-or-the-other"),
        pytest.param("shared/a", True, {}, True, id="not-installed"),
        pytest.param("shared/a", False, {"src/shared/a.ts": ""}, True, id="directory"),
        pytest.param("@app/a", False, {"tsconfig.json": '{"paths": {"@app/*": ["a/*"]}}'}, True, id="alias"),
    ],
)
def test_packages_that_no_manifest_lists(
    tmp_path: Path, module: str, locked: bool, files: dict[str, str], pruned: bool
) -> None:
    package = {
        "scripts": {"build": "tsc"},
        "dependencies": {"express": "4"},
        "devDependencies": {"eslint": "8", "typescript": "5"},
    }
    lock = {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": LOCKED})} if locked else {}
    text = BUILD + 'CMD ["node", "dist/a.js"]\n'
    outcome = rewrite(tmp_path, text, package, {"src/a.ts": f"import '{module}'", **lock, **files})
    assert ("npm prune" in (outcome.after or "")) is pruned, outcome.decisions
