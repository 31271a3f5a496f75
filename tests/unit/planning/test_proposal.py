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


@pytest.mark.parametrize(
    ("text", "slim"),
    [
        pytest.param('FROM node:22\nRUN npm install -g json-server\nCMD ["json-server"]\n', True, id="known"),
        pytest.param('FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install && npm link\nCMD ["wader"]\n', True, id="own"),
        pytest.param('FROM python:3.12\nRUN pip install gull\nCOPY app.py ./\nCMD ["gull", "app.py"]\n', True, id="serves-what-was-read"),
        pytest.param('FROM node:22\nRUN npm install -g heron\nCMD ["heron"]\n', False, id="program"),
        pytest.param('FROM node:22\nWORKDIR /app\nRUN npm install @a/heron@2\nWORKDIR /app/node_modules/@a/heron\nCMD ["node", "bin/server"]\n', False, id="file"),
        pytest.param('FROM python:3.12\nRUN pip install Grey-Heron\nCMD ["python", "-m", "grey_heron"]\n', False, id="module"),
    ],
)  # fmt: skip
def test_an_application_of_a_registry(text: str, slim: bool, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "wader", "bin": {"wader": "wader.js"}}')
    (tmp_path / "wader.js").write_text("#!/usr/bin/env node\nrequire('fs')\n")
    (tmp_path / "app.py").write_text("import json\n")
    outcome = pipeline.rewrite(text, tmp_path, options=Options(min_saving=ANY))
    assert ("-slim" in (outcome.after or "")) is slim, outcome.decisions
    assert any("sources of" in d.text for d in outcome.decisions) is not slim
