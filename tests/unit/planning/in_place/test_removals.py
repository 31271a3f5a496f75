"""Deletions that move into the layer that created the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options, parse_min_saving


@pytest.mark.parametrize(
    ("run", "moves"),
    [
        ("npx prettier --version && npm prune --omit=dev", False),
        ("prettier --version && rm -rf node_modules/prettier", False),
        ("npm prune --omit=dev", True),
        ("echo small && npm prune --omit=dev", True),
    ],
)
def test_programs_among_the_deleted_files_are_started_first(run: str, moves: bool, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"ms": "2"}, "devDependencies": {"prettier": "3"}}'
    )
    (tmp_path / "a.js").write_text('require("ms");\n')
    file = (
        f'FROM node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nRUN {run}\nCMD ["node", "a.js"]\n'
    )
    options = Options(dockerignore=False, base="same", min_saving=parse_min_saving("0"))
    outcome = pipeline.rewrite(file, tmp_path, options=options)
    deletion = run.rpartition(" && ")[2]
    lines = (outcome.after or file).splitlines()
    assert any("npm install" in line and deletion in line for line in lines) is moves


@pytest.mark.parametrize(
    ("between", "after"),
    [
        pytest.param("RUN echo checked", "npm install", id="a-program-of-every-image"),
        pytest.param("RUN npx eslint .", "npx eslint .", id="a-check-by-an-installed-program"),
        pytest.param("WORKDIR /app/sub\nRUN npx tsc\nWORKDIR /app", None, id="a-build-below"),
    ],
)
def test_installed_files_are_deleted_after_the_programs_that_may_load_them(
    between: str, after: str | None, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"ms": "2"}, "devDependencies": {"eslint": "8", "typescript": "5"}}'
    )
    file = (
        f"FROM node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n{between}\n"
        'RUN npm prune --omit=dev\nCMD ["node", "-e", "require(\'ms\')"]\n'
    )
    options = Options(dockerignore=False, single_stage=True, min_saving=parse_min_saving("0"))
    text = (pipeline.rewrite(file, tmp_path, options=options).after or file).replace(" \\\n    ", " ")
    line = next(line for line in text.splitlines() if "npm prune" in line)
    assert line.partition(" && npm prune")[0].endswith(after) if after else line == "RUN npm prune --omit=dev"
