"""Where builds write outside their project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.context.scan import scan
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State

OUT = "build: { outDir: '../server/public', emptyOutDir: true }"
PUBLIC = ("/app/server/public",)


def effects_of(files: Mapping[str, str], text: str, directory: Path) -> list[Effect]:
    """The effects of a command in /app/client."""
    scripts = {"build": "vite build", "pack": "webpack", "build:own": "node scripts/build"}
    scripts |= {"build:typed": "ts-node build.ts", "build:any": "any ../server/public"}
    files = {"client/package.json": json.dumps({"scripts": scripts}), "server/a.js": "", **files}
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    view = ContextView(context=scan(directory)).with_copy(["."], "/app")
    atoms = interpreted(text, State(cwd="/app/client", env={}, view=view)).effects
    return [e for atom in atoms for e in atom]


def written(files: Mapping[str, str], text: str, directory: Path) -> tuple[list[str], list[str]]:
    """What a command in /app/client writes outside, and what of it may not exist."""
    found = effects_of(files, text, directory)
    outer = {w for e in found for w in e.writes if not w.startswith("/app/client")}
    return sorted(outer), sorted(outer & {p for e in found for p in e.possible})


@pytest.mark.parametrize(
    ("files", "text"),
    [
        pytest.param({}, "npm run build", id="no-op-no-settings"),
        pytest.param(
            {"client/vite.config.js": "build: {outDir: 'dist'}"}, "npm run build", id="no-op-inside"
        ),
        pytest.param(
            {"client/vite.config.ts": "export default { root: 'src', build: { outDir: '../dist' } }"},
            "npm run build",
            id="no-op-below-the-root",
        ),
        pytest.param(
            {
                "client/vite.config.js": "require('dotenv').config({ path: '../.env' })\n"
                "module.exports = { resolve: { alias: { '@': '../shared' } }, server: { proxy: { '/': 1 } } }"
            },
            "npm run build",
            id="no-op-only-read",
        ),
        pytest.param(
            {
                "client/webpack.config.js": "exports.devServer = { historyApiFallback: { rewrites: "
                "[{ from: /x/, to: '/views/a.html' }] } }; process.stdout.write('/a/b')"
            },
            "webpack",
            id="no-op-address-and-text",
        ),
        pytest.param(
            {"client/scripts/build.js": "require('fs').writeFileSync('/tmp/a/b.json', '')"},
            "npm run build:own",
            id="no-op-temporary",
        ),
        pytest.param(
            {"client/jest.config.js": "module.exports = { coverageDirectory: '../coverage' }"},
            "tsc",
            id="no-op-settings-of-another-tool",
        ),
        pytest.param(
            {"client/vite.config.js": f"module.exports = {{ {OUT} }}"},
            "npx vite --version",
            id="no-op-version",
        ),
        pytest.param({"client/tsconfig.json": '{"extends": "../base.json"}'}, "tsc", id="no-op-extends"),
        pytest.param({"base.json": "{}"}, "tsc -p ../base.json", id="no-op-given-file"),
        pytest.param({}, "vite build --base /server/", id="no-op-address"),
    ],
)
def test_writes_nothing_outside(files: Mapping[str, str], text: str, tmp_path: Path) -> None:
    assert written(files, text, tmp_path) == ([], [])


@pytest.mark.parametrize(
    ("files", "text", "places", "sure"),
    [
        pytest.param(
            {"client/vite.config.js": f"export default {{ {OUT} }}"}, "npm run build", PUBLIC, True, id="vite"
        ),
        pytest.param(
            {"client/vite.config.ts": f"export default defineConfig(({{ mode }}) => ({{ {OUT} }}))"},
            "npx vite build",
            PUBLIC,
            True,
            id="function",
        ),
        pytest.param(
            {"client/conf/a.js": f"export default {{ {OUT} }}"},
            "vite build --config conf/a.js",
            PUBLIC,
            True,
            id="named-by-an-option",
        ),
        pytest.param(
            {
                "client/webpack.config.js": "const path = require('path'), top = path.join(__dirname, '..')\n"
                "module.exports = { output: { path: path.resolve(top, 'server', 'public'), filename: 'a' } }"
            },
            "npm run pack",
            PUBLIC,
            True,
            id="webpack",
        ),
        pytest.param(
            {
                "client/webpack.prod.js": "const { merge } = require('webpack-merge')\n"
                "module.exports = merge(require('./webpack/common'), {})",
                "client/webpack/common.js": "exports.output = { path: __dirname + '/../../server/public' }",
            },
            "webpack --config webpack.prod.js",
            PUBLIC,
            True,
            id="imported",
        ),
        pytest.param(
            {
                "client/webpack.config.js": "exports.output = { path: __dirname + '/dist' }\n"
                "exports.plugins = [new HtmlWebpackPlugin({ filename: '../../server/views/index.html' })]"
            },
            "webpack",
            ("/app/server/views",),
            False,
            id="relative-to-the-output",
        ),
        pytest.param(
            {"client/vite.config.js": "export default { build: { outDir: '/var/www/html' } }"},
            "npm run build",
            ("/var/www/html",),
            True,
            id="absolute",
        ),
        pytest.param(
            {"client/vite.config.js": "export default { build: { outDir: '/var/www' } }"},
            "npm run build",
            ("/var/www",),
            True,
            id="directory-for-projects",
        ),
        pytest.param(
            {
                "client/tsconfig.json": '{ // of all\n"extends": "../base.json" }',
                "base.json": '{"compilerOptions": {"outDir": "./out"}}',
            },
            "tsc",
            ("/app/out",),
            True,
            id="of-the-file-that-is-extended",
        ),
        pytest.param(
            {"client/tsconfig.build.json": '{"compilerOptions": {"outDir": "../server/public",}}'},
            "tsc -p tsconfig.build.json",
            PUBLIC,
            True,
            id="comma-at-the-end",
        ),
        pytest.param(
            {
                "client/angular.json": '{"projects": {"a": {"root": "", "architect": '
                '{"build": {"options": {"outputPath": "../server/public"}}}}}}'
            },
            "ng build",
            PUBLIC,
            True,
            id="angular",
        ),
        pytest.param(
            {
                "client/tsconfig.json": '{"references": [{"path": "../server"}, {"path": "./a.json"}]}',
                "server/tsconfig.json": '{"references": [{"path": "../core"}]}',
                "core/tsconfig.json": '{"compilerOptions": {"outDir": "../lib"}}',
            },
            "tsc -b",
            ("/app/core", "/app/lib", "/app/server"),
            True,
            id="projects-that-are-referred-to",
        ),
        pytest.param({}, "esbuild a.ts --outfile=../server/public/a.js", PUBLIC, False, id="option"),
        pytest.param({}, "babel src -d ../server/public", PUBLIC, False, id="word"),
        pytest.param({"server/public/a.js": ""}, "babel src -d ../server/public", PUBLIC, True, id="there"),
        pytest.param(
            {}, """node -e "require('fs').cpSync('a', '../server/public')" """, PUBLIC, True, id="code"
        ),
        pytest.param(
            {"client/build.ts": "build({ build: { outDir: '../server/public' } })"},
            "npm run build:typed",
            PUBLIC,
            True,
            id="typed-script",
        ),
        pytest.param(
            {"client/.env": "A=b\nBUILD_PATH='../server/public'\n"},
            "react-scripts build",
            PUBLIC,
            True,
            id="variable-of-a-file",
        ),
        pytest.param(
            {"client/svelte.config.js": "export default { adapter: adapter({ out: '../server/public' }) }"},
            "vite build",
            PUBLIC,
            True,
            id="adapter",
        ),
        pytest.param({}, "npm run build:any", PUBLIC, False, id="unknown-program"),
        pytest.param(
            {
                "client/prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n'
                '  output   = "../../server/public"\n}\nmodel A {\n  id Int @id @default(cuid())\n}\n'
            },
            "npx prisma generate",
            PUBLIC,
            True,
            id="prisma",
        ),
        pytest.param({}, "BUILD_PATH=../server/public react-scripts build", PUBLIC, True, id="variable"),
        pytest.param(
            {"client/scripts/build.mjs": "import fs from 'fs'\nfs.cpSync('dist', '../server/public', {})"},
            "npm run build:own",
            PUBLIC,
            False,
            id="script",
        ),
        pytest.param(
            {"client/gulpfile.js": "exports.default = () => src('a').pipe(dest('../server/public'))"},
            "gulp",
            PUBLIC,
            False,
            id="gulp",
        ),
    ],
)
def test_writes_outside(
    files: Mapping[str, str], text: str, places: tuple[str, ...], sure: bool, tmp_path: Path
) -> None:
    found, uncertain = written(files, text, tmp_path)
    assert tuple(found) == places
    assert not uncertain if sure else uncertain == found


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        pytest.param({}, "tsc", [], id="no-op-writes-only"),
        pytest.param(
            {"client/vite.config.js": "build: {emptyOutDir: false}"}, "vite build", [], id="no-op-told"
        ),
        pytest.param({}, "webpack -o dist", [], id="no-op-not-told"),
        pytest.param(
            {"client/scripts/build.js": "fs.mkdirSync('out')"}, "npm run build:own", [], id="no-op-code"
        ),
        pytest.param({}, "vite build", ["dist"], id="usual"),
        pytest.param(
            {"client/vite.config.js": "build: {outDir: 'out'}"}, "npm run build", ["out"], id="settings"
        ),
        pytest.param({}, "react-scripts build", ["build"], id="always"),
        pytest.param(
            {"client/nest-cli.json": '{"compilerOptions": {"deleteOutDir": true}}'},
            "nest build",
            ["dist"],
            id="told",
        ),
        pytest.param({}, "webpack --output-clean -o out", ["out"], id="word"),
        pytest.param(
            {"client/scripts/build.js": "fs.rmSync('out', {})"}, "npm run build:own", ["out"], id="own-code"
        ),
        pytest.param(
            {"client/scripts/build.js": "emptyDirSync(paths.out)"},
            "npm run build:own",
            [],
            id="no-op-unknown",
        ),
    ],
)
def test_what_builds_empty(files: Mapping[str, str], text: str, expected: list[str], tmp_path: Path) -> None:
    found = {d.removeprefix("/app/client/") for e in effects_of(files, text, tmp_path) for d in e.deletes}
    assert sorted(found) == expected


DIST = {"tsconfig.json": '{"compilerOptions": {"outDir": "./dist"}}'}
BUILD_SETTINGS = '{"extends": "./tsconfig.json", "exclude": ["test"]}'


@pytest.mark.parametrize(
    ("script", "files", "expected"),
    [
        pytest.param("webpack", DIST, "/", id="a-bundler-with-any-plugin"),
        pytest.param("tsc", {}, "/", id="no-settings"),
        pytest.param("tsc", {"tsconfig.json": '{"compilerOptions": {}}'}, "/", id="beside-the-sources"),
        pytest.param(
            "tsc", {"tsconfig.json": '{"extends": "@tsconfig/node20/tsconfig.json"}'}, "/", id="unread"
        ),
        pytest.param(
            "tsc",
            {"tsconfig.json": '{"compilerOptions": {"outDir": "dist", "noEmit": true}}'},
            "/",
            id="nothing",
        ),
        pytest.param(
            "tsc", {"tsconfig.json": '{"compilerOptions": {"outDir": "."}}'}, "/", id="the-project-itself"
        ),
        pytest.param("tsc -b", DIST, "/", id="several-projects"),
        pytest.param("tsc && node finish.js", DIST, "/", id="and-a-program"),
        pytest.param("tsc", DIST, "/dist", id="compiler"),
        pytest.param("rimraf dist && tsc", DIST, "/dist", id="emptied-first"),
        pytest.param(
            "tsc -p tsconfig.build.json", DIST | {"tsconfig.build.json": BUILD_SETTINGS}, "/dist", id="given"
        ),
        pytest.param(
            "tsc -p tsconfig.build.json",
            DIST
            | {"tsconfig.build.json": '{"extends": "./tsconfig.json", "compilerOptions": {"outDir": "out"}}'},
            "/out",
            id="the-first-that-says",
        ),
        pytest.param("nest build", DIST, "/dist", id="framework"),
        pytest.param(
            "nest build", DIST | {"nest-cli.json": '{"monorepo": true}'}, "/", id="several-applications"
        ),
    ],
)
def test_what_a_build_in_the_root_writes(
    script: str, files: Mapping[str, str], expected: str, tmp_path: Path
) -> None:
    for name, content in (files | {"package.json": json.dumps({"scripts": {"build": script}})}).items():
        (tmp_path / name).write_text(content)
    view = ContextView(context=scan(tmp_path)).with_copy(["."], "/")
    found = interpreted("npm run build", State(cwd="/", env={}, view=view)).effects
    assert {w for atom in found for e in atom for w in e.writes} == {expected}
