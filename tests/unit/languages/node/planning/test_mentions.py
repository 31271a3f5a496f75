"""Development dependencies that strings name."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import BUILD, rewrite

_HELPERS = ("tslib", "@babel/runtime")
_NAMES = (
    "typescript",
    "jest",
    "pino-pretty",
    "ejs",
    "sqlite3",
    "tsx",
    "js-yaml",
    "autoprefixer",
    "acme",
    *_HELPERS,
)
_SCRIPTS = {"build": "tsc", "start": "node dist/index.js"}


def _is_pruned(
    tmp_path: Path, files: dict[str, str], *, start: str = 'CMD ["npm", "start"]', kept: str = "express"
) -> bool:
    package = {
        "scripts": _SCRIPTS,
        "dependencies": {kept: "1"},
        "devDependencies": dict.fromkeys(_NAMES, "1"),
    }
    return "npm prune" in (rewrite(tmp_path, f"{BUILD}{start}\n", package, files).after or "")


@pytest.mark.parametrize(
    ("text", "pruned"),
    [
        pytest.param("import log from 'express'; log({level: 'info'})", True, id="none"),
        pytest.param("import type { Row } from 'acme'", True, id="import-of-types"),
        pytest.param("log('we like acme')", True, id="part-of-a-sentence"),
        pytest.param("open('./acme'); open('acme.json')", True, id="path"),
        pytest.param("const kind = 'jest'", True, id="tool-that-nothing-loads-by-name"),
        pytest.param("pino({transport: {target: 'pino-pretty'}})", False, id="transport"),
        pytest.param('app.set("view engine", "ejs")', False, id="template-engine"),
        pytest.param("new Sequelize({ dialect: `sqlite` })", False, id="dialect"),
        pytest.param("new Sequelize('sqlite::memory:')", False, id="dialect-of-an-address"),
        pytest.param("fork('a.ts', [], {execArgv: ['--import', 'tsx']})", False, id="loader"),
        pytest.param("fork('a.ts', [], {execArgv: ['-r', 'tsx/cjs']})", False, id="file-of-a-package"),
    ],
)
def test_strings_of_sources(tmp_path: Path, text: str, pruned: bool) -> None:
    assert _is_pruned(tmp_path, {"src/index.ts": text}) is pruned


@pytest.mark.parametrize(
    ("files", "pruned"),
    [
        pytest.param({"config/a.json": '{"port": 80, "text": "acme-like"}'}, True, id="none"),
        pytest.param({"docs/a.json": '{"use": "acme"}'}, True, id="documents"),
        pytest.param({".acmerc.json": '{"plugins": ["acme"]}'}, True, id="tool-that-does-not-run"),
        pytest.param({"jest.config.js": "({preset: 'acme'})"}, True, id="configuration-of-tests"),
        pytest.param({"tsconfig.json": '{"compilerOptions": {"target": "es6"}}'}, True, id="no-helpers"),
        pytest.param({"tsconfig.json": '{"compilerOptions": {"importHelpers": true}}'}, False, id="helpers"),
        pytest.param({".babelrc": '{"plugins": ["@babel/transform-runtime"]}'}, False, id="runtime-of-babel"),
        pytest.param({"nest-cli.json": '{"collection": "acme"}'}, True, id="tool-of-another-name"),
        pytest.param({".devcontainer/a.json": '{"use": "acme"}'}, True, id="hidden-directory"),
        pytest.param({"buildspec.yml": "run: acme\n"}, True, id="pipeline"),
        pytest.param({"tsconfig.json": '{"types": ["acme"]}'}, True, id="configuration-of-the-compiler"),
        pytest.param({"express.config.js": "({use: 'acme'})", "a.js": ""}, True, id="not-imported"),
        pytest.param(
            {"express.config.js": "({use: 'acme'})", "a.js": "import 'express'"}, False, id="imported"
        ),
        pytest.param(
            {"postcss.config.js": "({autoprefixer: {}})", "a.js": "import 'postcss-load-config'"},
            False,
            id="loader-of-configuration",
        ),
        pytest.param({"db.config.js": "require('acme')"}, False, id="configuration-of-the-application"),
        pytest.param({"webpack.prod.js": "({use: 'acme'})"}, True, id="bundler"),
        pytest.param(
            {"webpack.prod.js": "({use: 'acme'})", "a.js": "require('./webpack.prod.js')"},
            False,
            id="named-by-a-source",
        ),
        pytest.param(
            {"angular.json": '{"use": "acme"}', "a.ts": "// it is found in `angular.json`."},
            True,
            id="named-by-a-comment",
        ),
        pytest.param(
            {"angular.json": '{"use": "acme"}', "a.ts": "open(`angular.json`)"},
            False,
            id="opened-by-a-source",
        ),
        pytest.param({"config/a.json": '{"engine": "acme"}'}, False, id="json"),
        pytest.param({"config/a.yml": "engine: acme\n"}, False, id="yaml"),
        pytest.param({".env": "DRIVER=sqlite\n"}, False, id="variables"),
        pytest.param({"config/a.yaml": "port: 80\n"}, False, id="file-that-needs-a-reader"),
        pytest.param({"views/a.ejs": "<p>"}, False, id="template"),
    ],
)
def test_settings(tmp_path: Path, files: dict[str, str], pruned: bool) -> None:
    assert _is_pruned(tmp_path, files) is pruned


@pytest.mark.parametrize(
    ("start", "pruned"),
    [
        ("ENV LEVEL=info\nCMD node a.js", True),
        ("ENV ENGINE=acme\nCMD node a.js", False),
        ("CMD node a.js --engine acme/strict", False),
    ],
)
def test_the_start_command(tmp_path: Path, start: str, pruned: bool) -> None:
    assert _is_pruned(tmp_path, {"a.js": ""}, start=start) is pruned
