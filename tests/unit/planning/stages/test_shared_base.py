"""What builder and final stage begin with, in a stage of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

TOOLS = (
    "RUN apk add --no-cache \\\n        bash \\\n        tini \\\n    && adduser -D press \\\n"
    "    && prepare /srv \\\n    && prepare /var\n"
)
REST = "WORKDIR /srv\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
LITTLE = MinSaving(percent=0.0, bytes=1_000_000)
START = 'CMD ["node", "a.js"]\n'


def _after(directory: Path, file: str, builder: str = "buildkit") -> str:
    package = {
        "scripts": {"postinstall": "jest --version"},  # the builder prunes what it needs
        "dependencies": {"express": "4"},
        "devDependencies": {"jest": "29"},
    }
    (directory / "package.json").write_text(json.dumps(package))
    (directory / "a.js").write_text("require('express')().listen(80)\n")
    data = file.encode()
    outcome = pipeline.rewrite(
        data, name="Dockerfile", context=directory, options=Options(min_saving=LITTLE, builder=builder)
    )
    assert outcome.after is not None, outcome.decisions
    return outcome.after


@pytest.mark.parametrize(
    ("file", "shared"),
    [
        pytest.param(f"FROM node:20-alpine\n{TOOLS}{REST}{START}", True, id="a-long-list"),
        pytest.param(f"FROM node:20-alpine\nLABEL a=b\n{TOOLS}{REST}{START}", True, id="behind-a-label"),
        pytest.param(f"FROM node:20-alpine\nRUN prepare /srv\n{REST}{START}", False, id="a-short-one"),
        pytest.param(f"FROM node:20-alpine\n{START}{TOOLS}{REST}", False, id="behind-the-start"),
        pytest.param(f"FROM node:20-alpine\nVOLUME /srv\n{TOOLS}{REST}{START}", False, id="behind-a-volume"),
        pytest.param(
            f'FROM node:20-alpine\nSHELL ["/bin/sh", "-ec"]\n{TOOLS}{REST}{START}', False, id="another-shell"
        ),
    ],
)
def test_a_stage_for_both(file: str, shared: bool, tmp_path: Path) -> None:
    after = _after(tmp_path, file)
    assert ("\nFROM base AS builder\n" in after and "\nFROM base\n" in after) is shared
    assert after.count("tini") == (file.count("tini") if shared else 2 * file.count("tini"))


APT = (
    "FROM node:20-slim\nRUN apt-get update \\\n    && apt-get install -y \\\n        git \\\n"
    "        tini \\\n        curl \\\n    && prepare /srv\n"
)


@pytest.mark.parametrize(
    ("between", "shared"),
    [
        pytest.param("", True, id="nothing-reads-the-lists"),
        pytest.param("RUN apt-get install -y gcc\n", False, id="the-builder-installs-more"),
        pytest.param("RUN ./prepare-more\n", True, id="both-keep-them-for-what-is-not-known"),
    ],
)
def test_lists_that_the_final_stage_removes(between: str, shared: bool, tmp_path: Path) -> None:
    after = _after(tmp_path, f"{APT}{between}{REST}{START}")
    assert ("\nFROM base AS builder\n" in after) is shared, after


@pytest.mark.parametrize(
    ("setting", "behind", "builder", "again"),
    [
        pytest.param("ARG AT=/srv", "ENV PLACE=$AT\n", "buildkit", True, id="named"),
        pytest.param("ARG AT=/srv", "RUN ./fill\n", "buildkit", False, id="handed-on"),
        pytest.param("ARG AT=/srv", "RUN ./fill\n", "kaniko", True, id="maybe-not-handed-on"),
        pytest.param("ARG AT=/srv", "", "kaniko", False, id="nothing-executed-may-read-it"),
        pytest.param("ARG AT=/srv\nENV AT=$AT", "ENV PLACE=$AT\n", "kaniko", False, id="in-the-environment"),
    ],
)
def test_arguments(setting: str, behind: str, builder: str, again: bool, tmp_path: Path) -> None:
    rest = REST.replace("npm", "bun")  # whose downloads cleaning in place does not remove
    after = _after(tmp_path, f"FROM node:20-alpine\n{setting}\n{TOOLS}{rest}{behind}{START}", builder)
    assert after.startswith("FROM node:20-alpine AS base\n")
    assert ("ARG AT" in after.rpartition("\nFROM base\n")[2]) is again
