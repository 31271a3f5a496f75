"""Proposals: when a further stage pays."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

NODE = 'FROM node:20-alpine\nWORKDIR /app\nCOPY package*.json ./\n{run}COPY . .\nCMD ["node", "server.js"]\n'
PYTHON = 'FROM python:3.12-alpine\nWORKDIR /app\nCOPY . .\n{run}CMD ["python", "app.py"]\n'
ANY = MinSaving(percent=0, bytes=1)
NPM = "RUN npm ci --omit=dev\n"

CASES = (
    # nothing pays
    ("nothing-to-clean", NODE, "RUN npm ci --omit=dev && npm cache clean --force\n", ANY, "unchanged", ()),
    ("pruned-in-its-layer", NODE, "RUN npm ci && npm prune --omit=dev && npm cache clean --force\n", ANY, "unchanged", ()),
    ("too-little", NODE, NPM, MinSaving(percent=0, bytes=10**9), "unchanged", ()),
    # the caches are all that a second stage would leave behind
    ("npm", NODE, NPM, ANY, "cleanup", ("RUN npm ci --omit=dev && npm cache clean --force\n",)),
    ("pip", PYTHON, "RUN pip install flask\n", ANY, "cleanup", ("RUN pip install --no-cache-dir flask\n",)),
    ("too-little-more", NODE, "RUN apk add --no-cache make\n" + NPM, MinSaving(percent=0, bytes=5 * 10**6), "cleanup", ("npm cache clean",)),
    # it leaves more behind
    ("compilers", NODE, "RUN apk add --no-cache python3 make g++\n" + NPM, ANY, "same-base", ("AS builder", "COPY --from=builder /app/node_modules")),
    # packages that move into the RUN that uses them are installed again at each change
    ("moved-packages", PYTHON, "RUN apk add --no-cache gcc musl-dev\nRUN pip install --no-cache-dir --no-binary :all: pyyaml\n", ANY, "same-base", ("AS builder",)),
    # the base changes, which cleaning can't do
    ("other-base", NODE.replace("-alpine", ""), NPM, ANY, "slim", ("FROM node:20-slim\n",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("file", "run", "least", "rung", "new"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_further_stage_saves_more_than_cleaning(
    tmp_path: Path, file: str, run: str, least: MinSaving, rung: str, new: tuple[str, ...]
) -> None:
    (tmp_path / "package.json").write_text(
        '{"name": "a", "dependencies": {"express": "4", "bcrypt": "5"}, "devDependencies": {"prettier": "3"}}'
    )
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    (tmp_path / "server.js").write_text('require("express"); require("bcrypt")\n')
    (tmp_path / "app.py").write_text("import flask, yaml\n")
    options = Options(dockerignore=False, min_saving=least)
    outcome = pipeline.rewrite(file.format(run=run), tmp_path, options=options)
    assert getattr(outcome, "rung", "unchanged") == rung, outcome.decisions
    after = getattr(outcome, "after", "") or ""
    assert all(text in after for text in new), after
