"""What launchers and process managers start: scripts of package.json, and those that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import rewrite

TEXT = (
    "FROM node:20\nRUN npm install -g pm2 nodemon forever\nWORKDIR /app\nCOPY package.json .\n"
    "RUN npm install\nCOPY . .\nCMD {}\n"
)
PACKAGE = {
    "scripts": {"start": "tsx a.ts", "start:prod": "node a.js"},
    "dependencies": {"express": "4"},
    "devDependencies": {"tsx": "4", "jest": "29"},
}
APPS = "module.exports = {{ apps: [{{ name: 'x', {} }}] }}"
RUNTIME = '["pm2-runtime", "start", "ecosystem.config.js"]'


def is_pruned(tmp_path: Path, start: str, files: dict[str, str]) -> bool:
    outcome = rewrite(tmp_path, TEXT.format(start), PACKAGE, {"a.js": "require('express')", **files})
    return any(text in (outcome.after or "") for text in ("--omit=dev", "npm prune"))


@pytest.mark.parametrize(
    ("start", "pruned"),
    [
        ("npm run start:prod", True),
        ("npm run build --if-present && npm run start:prod", True),
        ("node --run start:prod", True),
        ("bun run start:prod", True),
        ("bun run a.js", True),
        ('["pm2-runtime", "a.js", "--", "--port", "3"]', True),
        ('["pm2-runtime", "npm", "--", "run", "start:prod"]', True),
        ("pm2 start a.js -i max && pm2 restart all && pm2 logs", True),
        ('["nodemon", "a.js"]', True),
        ('["forever", "start", "-c", "node", "a.js"]', True),
        ('["runner", "run", "--", "node", "a.js"]', True),
        ('["runner", "node", "a.js"]', True),
        ('["runner", "npm"]', True),
        ("node --run start", False),
        ('["pm2-runtime", "npm", "--", "start"]', False),
        ('["pm2-runtime", "start", "npm", "--name", "x", "--", "run", "start"]', False),
        ('pm2 start "npm start" --name x && pm2 logs', False),
        ('["pm2-runtime", "yarn", "--interpreter", "bash", "--", "start"]', False),
        ('["nodemon", "--exec", "npm", "start"]', False),
        ('["nodemon", "-e", "ts", "-x", "npm start"]', False),
        ('["forever", "start", "-c", "npm start", "./"]', False),
        ('["turbo", "run", "start"]', False),
        ('["runner", "run", "--", "npm", "start"]', False),
        ('["runner", "npm", "start"]', False),
        ('["runner", "npm start"]', False),
        ('["runner", "-c", "npm run start"]', False),
        ("runner npm start", False),
        ('["runner", "start"]', False),
    ],
)
def test_scripts_behind_launchers(tmp_path: Path, start: str, pruned: bool) -> None:
    assert is_pruned(tmp_path, start, {}) is pruned


@pytest.mark.parametrize(
    ("app", "pruned"),
    [
        ("script: './a.js', instances: 'max'", True),
        ("script: require('path').join(__dirname, 'a.js'), cwd: __dirname", True),
        ("script: 'npm', args: 'run start:prod'", True),
        ("script: 'yarn', args: 'start:prod', interpreter: '/bin/bash'", True),
        ("script: 'npm', args: 'start'", False),
        ("args: ['run', 'start'], script: 'npm'", False),
        ("script: 'npm start', cwd: '/app'", False),
        ("script: process.env.MAIN || 'npm start'", False),
        ("script: process.env.MAIN", False),
        ("script: 'npm', args: `run ${process.env.MAIN}`", False),
        ("script: 'a.ts', interpreter: 'node_modules/.bin/tsx'", False),
        ("...require('./base')", False),
    ],
)
def test_settings_of_a_process_manager(tmp_path: Path, app: str, pruned: bool) -> None:
    assert is_pruned(tmp_path, RUNTIME, {"ecosystem.config.js": APPS.format(app)}) is pruned


@pytest.mark.parametrize(
    ("start", "name", "text", "pruned"),
    [
        ("pm2-runtime process.json", "process.json", '{"apps": [{"script": "a.js"}]}', True),
        ("pm2-runtime process.json", "process.json", '[{"script": "npm", "args": "start"}] // x', False),
        ("pm2-docker process.yml", "process.yml", "apps:\n- script: ./a.js\n  env: {A: 1}\n", True),
        ("pm2-docker process.yml", "process.yml", "apps:\n- script: npm\n  args: start\n", False),
        ("pm2-runtime absent.config.js", "process.yml", "", False),
        ("nodemon", "nodemon.json", '{"exec": "node a.js"}', True),
        ("nodemon", "nodemon.json", '{"exec": "npm start"}', False),
        ("./a.sh", "a.sh", "S=start:prod\nexec npm run $S", True),
        ("./a.sh", "a.sh", 'exec npm run "$SERVICE"', False),
        ("./a.sh", "a.sh", "exec yarn $SERVICE", False),
        ("./a.sh", "a.sh", "exec pnpm $SERVICE", False),
        ("./a.sh", "a.sh", "exec bun $SERVICE", False),
        ("./a.sh", "a.sh", "exec npx $SERVICE", False),
        ("./a.sh", "a.sh", 'exec nodemon -x "npm run $SERVICE"', False),
        ("./a.sh", "a.sh", 'eval "npm run $SERVICE"', False),
        ("./a.sh", "a.sh", "exec $SERVICE", False),
        ("node b.js", "b.js", "require('child_process').spawn('npm', ['run', process.env.X])", False),
        ("npm run start:prod", "compose.yaml", "services: {a: {build: ., command: npm run db:seed}}", False),
    ],
)
def test_what_files_start(tmp_path: Path, start: str, name: str, text: str, pruned: bool) -> None:
    assert is_pruned(tmp_path, start, {name: text}) is pruned


@pytest.mark.parametrize(
    "start",
    [
        "npm run dev",
        "npm test",
        "yarn start:dev",
        "pnpm run start:dev",
        "bun run start:dev",
        "node --run dev",
        "npm run",
    ],
)
def test_scripts_that_package_json_does_not_have(tmp_path: Path, start: str) -> None:
    """What they were meant to start may need any package."""
    assert not is_pruned(tmp_path, start, {})
