"""What stays behind of a project whose build makes a complete output: each case changes one file of a project
of which only the output is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.analysis.standalone_outputs import standalone_output
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse

START = 'CMD ["node", ".output/server/index.mjs"]\n'
HEAD = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"
FILES = {
    "Dockerfile": HEAD + START,
    "app.vue": "<template><p/></template>\n",
    "nuxt.config.ts": "export default defineNuxtConfig({})\n",
    "package.json": '{"name": "a", "scripts": {"build": "nuxt build"}, "dependencies": {"nuxt": "3"}}',
    "server/api/hello.ts": "export default defineEventHandler(() => 1)\n",
}
NEEDED = {
    "a-route-reads-a-file": ("server/api/hello.ts", 'import { readFile } from "node:fs/promises"\n'),
    "the-working-directory": ("server/api/hello.ts", "export default () => process.cwd()\n"),
    "storage-in-files": (
        "nuxt.config.ts",
        "export default { nitro: { storage: { d: { driver: 'fs' } } } }\n",
    ),
    "a-library-gets-a-path": ("server/plugins/db.ts", 'up(db, { folder: "./server/plugins" })\n'),
    "a-library-gets-a-directory": ("server/api/hello.ts", "mail({ views: 'server/api' })\n"),
    "migrations": ("server/plugins/db.ts", "await migrate(db, { migrationsFolder: 'drizzle' })\n"),
    "another-module-by-an-option": (
        "Dockerfile",
        f'{HEAD}CMD ["node", "-r", "./tracing.js", ".output/server/index.mjs"]\n',
    ),
    "settings-by-an-option": (
        "Dockerfile",
        f'{HEAD}CMD ["node", "--env-file=.env", ".output/server/index.mjs"]\n',
    ),
    "a-module-by-a-variable": ("Dockerfile", f"{HEAD}ENV NODE_OPTIONS='--import ./tracing.mjs'\n{START}"),
    "a-health-check": ("Dockerfile", f'{HEAD}HEALTHCHECK CMD ["node", "health.js"]\n{START}'),
    "people-start-another": (
        "README.md",
        "```sh\ndocker build -t a .\ndocker run a npx drizzle-kit push\n```\n",
    ),
    "a-mount": ("compose.yaml", "services:\n  a:\n    build: .\n    volumes: ['./d:/app/data']\n"),
    "a-variable-of-compose": (
        "compose.yaml",
        "services:\n  a:\n    build: .\n    environment:\n      NODE_OPTIONS: --import ./tracing.mjs\n",
    ),
    "an-engine": (
        "package.json",
        '{"scripts": {"build": "nuxt build"}, "dependencies": {"@prisma/client": "5"}}',
    ),
    "another-program": (
        "Dockerfile",
        f'{HEAD}CMD ["sh", "-c", "node seed.js && node .output/server/index.mjs"]\n',
    ),
    "another-file": ("Dockerfile", f'{HEAD}CMD ["node", "server.js"]\n'),
    "a-variable": ("Dockerfile", f"{HEAD}ENV DATA=/app/data\n{START}"),
    "a-volume": ("Dockerfile", f"{HEAD}VOLUME /app/data\n{START}"),
    "no-build": ("Dockerfile", f"FROM node:20\nWORKDIR /app\nCOPY . .\n{START}"),
    "compose-starts-another": (
        "compose.yaml",
        "services:\n  a:\n    build: .\n    command: npx drizzle-kit migrate\n",
    ),
}
LEFT = {
    "plain": ("app.vue", "<template><b/></template>\n", ("/app", "/app/.output")),
    "memory": (
        "Dockerfile",
        f'{HEAD}CMD ["node", "--max-old-space-size=512", ".output/server/index.mjs"]\n',
        ("/app", "/app/.output"),
    ),
    "imports": ("server/api/hello.ts", 'import x from "./server/api"\n', ("/app", "/app/.output")),
    "settings-of-the-build": (
        "nuxt.config.ts",
        'export default { css: ["./server/api"] }\n',
        ("/app", "/app/.output"),
    ),
    "by-path": (
        "Dockerfile",
        f'{HEAD}CMD ["node", "/app/.output/server/index.mjs"]\n',
        ("/app", "/app/.output"),
    ),
    "next": (
        "Dockerfile",
        f'{HEAD}CMD ["node", ".next/standalone/server.js"]\n',
        ("/app", "/app/.next/standalone"),
    ),
}
ROWS = {**{name: (*row, None) for name, row in NEEDED.items()}, **LEFT}


@pytest.mark.parametrize(("file", "text", "found"), ROWS.values(), ids=ROWS)
def test_outputs(file: str, text: str, found: tuple[str, str] | None, tmp_path: Path) -> None:
    for name, content in {**FILES, file: text}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    dockerfile = tmp_path / "Dockerfile"
    program = classify(parse(dockerfile.read_bytes()), scan(tmp_path, dockerfile), str(dockerfile), Options())
    needs, end = program.runtime_needs, program.end_state
    assert standalone_output(program.effects, program.runtime, needs, end) == found
