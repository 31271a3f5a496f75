"""The JavaScript and TypeScript reader: tables of sources and what they need, then properties."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import with_started

from slimify.context.source_uses import MAX_FILE
from slimify.languages.node.sources import uses
from slimify.model.sources import SourceFacts


def names(facts: SourceFacts, kind: str) -> list[str]:
    return sorted({use.name for use in getattr(facts, kind)})


NOOP = {
    "empty": "",
    "comment": "// require('x'); /* import 'y' */\n/* require('child_process').exec('z') */",
    "string": "const s = \"require('x')\"; const t = `import 'y'`",
    "built-in": "const fs = require('fs'); import os from 'node:os'; require('fs/promises')",
    "own-exec": "function exec(x) {}\nexec('git status')",
    "regular-expression-exec": "/a/.exec('git'); re.exec('x')",
    "method-of-the-same-name": "db.exec('select 1'); job.spawn('x')",
    "alias-paths": "import a from '@/lib/a'; import b from '~/b'; import c from '#c'; import d from '/d'",
    "url": "import x from 'https://example.org/x.js'",
}


@pytest.mark.parametrize("text", NOOP.values(), ids=NOOP)
def test_noop(text: str) -> None:
    assert uses.read(text, "a.js") == SourceFacts()


# id: (source, file, packages)
IMPORTS = {
    "require": ("const x = require('express')", "a.js", ["express"]),
    "require-subpath": ("require('lodash/fp')", "a.js", ["lodash"]),
    "scoped": ("import x from '@nestjs/core/x'", "a.mjs", ["@nestjs/core"]),
    "named": ("import { a, b as c } from 'x'", "a.js", ["x"]),
    "bare": ("import 'reflect-metadata'", "a.js", ["reflect-metadata"]),
    "export-from": ("export * from 'a'; export { b } from 'c'", "a.js", ["a", "c"]),
    "dynamic": ("const x = await import('x')", "a.js", ["x"]),
    "in-function": ("function f() { return require('x') }", "a.js", ["x"]),
    "resolve": ("require.resolve('x')", "a.js", ["x"]),
    "template": ("require(`x`)", "a.js", ["x"]),
    "constant": ("const NAME = 'x'; require(NAME)", "a.js", ["x"]),
    "unknown": ("require(name)", "a.js", []),
    "package-named-like-a-built-in": ("require('punycode/')", "a.js", ["punycode"]),
    "typescript": ("import x = require('x'); let a: string = b as string", "a.ts", ["x"]),
    "type-only": ("import type { A } from 'x'; export type { B } from 'y'", "a.ts", []),
    "jsx": ("import React from 'react'; const a = <b c={d}>e</b>", "a.jsx", ["react"]),
    "tsx": ("import React from 'react'; const a = (b: string) => <c>{b}</c>", "a.tsx", ["react"]),
    "flow": ("// @flow\nimport x from 'x'; function f(a: string): void {}", "a.js", ["x"]),
    "vue": (
        "<template><a/></template>\n<script setup lang='ts'>\nimport x from 'x'\n</script>",
        "a.vue",
        ["x"],
    ),
    "broken": ("import a from 'a'; function ( { ; require('b')", "a.js", ["a", "b"]),
    "hash-bang": ("#!/usr/bin/env node\nrequire('x')", "a.js", ["x"]),
}


@pytest.mark.parametrize(("text", "file", "expected"), IMPORTS.values(), ids=IMPORTS)
def test_imports(text: str, file: str, expected: list[str]) -> None:
    assert names(uses.read(text, file), "imports") == expected


CP = "const cp = require('child_process');\n"
# id: (source, commands, whether something is dynamic)
COMMANDS = {
    "exec": (CP + "cp.exec('git log | grep x')", ["git", "grep", "sh"], False),
    "exec-sync": (CP + "cp.execSync('cd x && make')", ["make", "sh"], True),
    "spawn": (CP + "cp.spawn('git', ['log'])", ["git"], False),
    "spawn-shell": (CP + "cp.spawn('git log; ls', [], { shell: true })", ["git", "ls", "sh"], False),
    "spawn-no-shell": (CP + "cp.spawn('git', { shell: false })", ["git"], False),
    "spawn-through-sh": (CP + "cp.spawn('sh', ['-c', 'curl x'])", ["curl", "sh"], False),
    "exec-file": (CP + "cp.execFile('/usr/bin/convert')", ["/usr/bin/convert"], False),
    "fork": (CP + "cp.fork('./worker.js')", ["node"], False),
    "interpreter": (CP + "cp.spawn(process.execPath, ['x.js'])", ["node"], False),
    "template": (CP + "cp.exec(`ffmpeg -i ${x}`)", ["ffmpeg", "sh"], False),
    "template-program": (CP + "cp.exec(`${x} -i`)", ["sh"], True),
    "sum": (CP + "cp.exec('rm ' + x)", ["rm", "sh"], False),
    "constant": (CP + "const T = 'tar'; function f() { cp.spawn(T) }", ["tar"], False),
    "shadowed": (CP + "const t = 'tar'; function f(t) { cp.spawn(t) }", [], True),
    "parameter-of-arrow": (CP + "const f = t => cp.spawn(t)", [], True),
    "either": (CP + "cp.spawn(win ? 'a.cmd' : 'a')", ["a", "a.cmd"], False),
    "environment-default": (CP + "cp.spawn(process.env.GIT || 'git')", ["git"], True),
    "spread": (CP + "cp.spawn(...args)", [], True),
    "direct": ("require('child_process').exec('ls')", ["ls", "sh"], False),
    "destructured": (
        "const { exec, spawn: s } = require('node:child_process'); exec('ls'); s('a')",
        ["a", "ls", "sh"],
        False,
    ),
    "member": ("const run = require('child_process').execSync; run('ls')", ["ls", "sh"], False),
    "import": ("import { exec as e } from 'child_process'; e('ls')", ["ls", "sh"], False),
    "import-star": ("import * as cp from 'child_process'; cp.spawn('ls')", ["ls"], False),
    "dynamic-import": ("const { spawn } = await import('child_process'); spawn('ls')", ["ls"], False),
    "promisified": (CP + "const e = require('util').promisify(cp.exec); e('ls')", ["ls", "sh"], False),
    "compiled": (
        "var c_1 = __importDefault(require('child_process')); (0, c_1.default.exec)('ls')",
        ["ls", "sh"],
        False,
    ),
    "execa": ("import { execa } from 'execa'; await execa('git', ['log'])", ["git"], False),
    "execa-template": ("import { $ } from 'execa'; await $`git log`", ["git", "sh"], False),
    "execa-command": ("const execa = require('execa'); execa.command('git log')", ["git", "sh"], False),
    "shelljs": (
        "const shell = require('shelljs'); shell.exec('git log'); shell.which('hg')",
        ["git", "hg", "sh"],
        False,
    ),
    "cross-spawn": ("const spawn = require('cross-spawn'); spawn.sync('npm', ['test'])", ["npm"], False),
    "zx": ("import 'zx/globals'; await $`docker ps`", ["docker", "sh"], False),
    "npx": (CP + "cp.spawn('npx', ['prisma', 'migrate'])", ["npx", "prisma"], False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "dynamic"), COMMANDS.values(), ids=COMMANDS)
def test_commands(text: str, expected: list[str], dynamic: bool) -> None:
    facts = with_started(uses.read(text, "src/a.js"))
    assert names(facts, "commands") == expected
    assert bool(facts.dynamic) is dynamic


FS = "const fs = require('fs'); const path = require('path'); const express = require('express');\n"
PATHS = {
    "read": (FS + "fs.readFileSync('a.txt')", ["a.txt"]),
    "promises": (FS + "fs.promises.readFile('/etc/hosts')", ["/etc/hosts"]),
    "imported": ("import { readFile } from 'fs/promises'; readFile('a.txt')", ["a.txt"]),
    "beside-the-file": (FS + "fs.readFile(path.join(__dirname, 'x', 'y.json'))", ["src/app/x/y.json"]),
    "beside-by-sum": (FS + "res.sendFile(__dirname + '/index.html')", ["src/app/index.html"]),
    "above-the-file": (FS + "fs.createReadStream(path.resolve(__dirname, '../../x'))", ["x"]),
    "out-of-the-context": (FS + "fs.readFile(path.join(__dirname, '../../../x'))", []),
    "url": (
        "import { readFileSync } from 'fs'; readFileSync(new URL('./x', import.meta.url))",
        ["src/app/x"],
    ),
    "working-directory": (FS + "fs.readFile(path.join(process.cwd(), 'x'))", ["x"]),
    "static": (FS + "app.use(express.static('public'))", ["public"]),
    "static-beside": (FS + "app.use(express.static(path.join(__dirname, 'public')))", ["src/app/public"]),
    "views": (FS + "app.set('views', './views')", ["./views"]),
    "beside-the-file-unused": (FS + "const PUBLIC = path.join(__dirname, 'public')", ["src/app/public"]),
    "joined-elsewhere": (FS + "const x = path.join('a', 'b')", []),
    "resolved": (FS + "fs.readFile(require.resolve('./x.json'))", ["src/app/x.json"]),
    "resolved-in-a-package": (FS + "fs.readFile(require.resolve('x'))", []),
    "other-setting": (FS + "app.set('view engine', 'ejs')", []),
    "worker": ("new Worker('./worker.js')", ["./worker.js"]),
    "forked": ("require('child_process').fork('./worker.js')", ["./worker.js"]),
    "directory-known": (FS + "fs.readFile(`locales/${lang}.json`)", ["locales/"]),
    "directory-required": ("require('./locales/' + lang)", ["src/app/locales/"]),
    "unknown": (FS + "fs.readFile(name)", []),
}


@pytest.mark.parametrize(("text", "expected"), PATHS.values(), ids=PATHS)
def test_paths(text: str, expected: list[str]) -> None:
    assert names(uses.read(text, "src/app/a.js"), "paths") == expected


def test_relative_modules_are_given_apart() -> None:
    text = "import a from './a'\nexport * from '../b/c.js'\nrequire('.')\nrequire('../../../out')\n"
    text += "require('x')\n"
    facts, relative = uses.read_module(text, "src/app/main.ts")
    assert [(use.name, use.line) for use in relative] == [("src/app/a", 1), ("src/b/c.js", 2), ("src/app", 3)]
    assert names(facts, "imports") == ["x"]


def test_lines() -> None:
    text = (
        "<script>\nimport x from 'x'\nimport { exec } from 'child_process'\n\nexec(\n  'ls'\n)\n</script>\n"
    )
    facts = with_started(uses.read(text, "a.vue"))
    assert [(use.name, use.line) for use in facts.imports] == [("x", 2)]
    assert [(use.name, use.line) for use in facts.commands] == [("ls", 5), ("sh", 5)]


HOSTILE = {
    "brackets": "(" * 200_000,
    "braces": "{" * 200_000,
    "calls": "f(" * 100_000 + ")" * 100_000,
    "templates": "`${" * 50_000,
    "generics": "a<b," * 100_000,
    "sum": "cp.exec(" + "+".join(["a"] * 50_000) + ")",
    "members": "x" + ".y" * 100_000 + "()",
    "callbacks": "f(() => {" * 900 + "})" * 900,
    "names": "const a0 = 'x';"
    + "".join(f"const a{i + 1} = a{i} + a{i};" for i in range(2000))
    + "cp.exec(a2000)",
    "functions": "function f(a) {}" * 20_000,
    "scripts": "<script>" * 50_000,
}


@pytest.mark.parametrize("extension", ["js", "ts", "vue"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_nesting_takes_no_time(text: str, extension: str) -> None:
    text = f"const cp = require('child_process');\n{text}"
    assert isinstance(uses.read(text, f"a.{extension}"), SourceFacts)


def test_files_over_the_limit_are_named() -> None:
    assert uses.read("x;\n" * MAX_FILE, "bundle.js").skipped == ("bundle.js",)


TEXT = """const let x cp require ( ) { } [ ] ' " ` ${ } , ; = => . .. ... 'a' import from export * as
exec spawn < > / //"""
TOKENS = st.sampled_from([*TEXT.split(), "\n"])


@settings(max_examples=300, deadline=None)
@given(st.text() | st.lists(TOKENS, max_size=60).map(" ".join), st.sampled_from(["js", "ts", "tsx", "vue"]))
def test_any_text_is_read(text: str, extension: str) -> None:
    assert isinstance(uses.read(text, f"a.{extension}"), SourceFacts)
