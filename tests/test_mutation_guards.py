"""Mutations make no change that does no harm: each guard beside a file in which the same change does harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.mutations import KINDS, Subject

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.model.plan import Plan
from slimify.syntax.dockerfile.parser import parse

FILES = {
    "package.json": '{"dependencies": {"polka": "0.5.2"}}',
    "package-lock.json": "{}",
    "server.js": "require('polka')\n",
    "app.py": "import bottle\n",
}
NODE = """FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN {}
FROM node:20-slim
WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY server.js ./
CMD ["node", "server.js"]
"""
USER = """FROM node:20
RUN useradd ada
WORKDIR /app
{}
USER ada
CMD ["node", "server.js"]
"""
DELETED = """FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install
FROM node:20-slim
WORKDIR /app
{}
CMD ["node", "server.js"]
"""
COPY = "COPY --from=builder /app/node_modules /app/node_modules"
PYTHON = 'FROM python:3.12-bookworm\nRUN apt-get update && apt-get install -y {}\nCMD ["python", "app.py"]\n'

REMOVED = """FROM python:3.12
RUN apt-get update && apt-get install -y {packages} && pip install cffi && apt-get purge -y {packages}
"""
COMPILED = """FROM python:3.12-slim AS builder
RUN apt-get update && apt-get install -y gcc
COPY requirements.txt ./
RUN pip install -r requirements.txt --no-binary cffi
FROM python:3.12-slim
RUN apt-get update && apt-get install -y {}
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
CMD ["python", "app.py"]
"""
CAPABILITY = """FROM debian:bookworm AS builder
RUN apt-get update && apt-get install -y libcap2-bin
RUN touch /x && setcap cap_chown=+ep /x
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y libcap2-bin
RUN {}
COPY --from=builder /x /x
CMD ["/x"]
"""

# kind, file in which it does no harm, file in which it does
TWINS = {
    "a cache in another directory": (
        "output-in-cache-mount",
        NODE.format("cd client && npm install"),
        NODE.format("npm install"),
    ),
    "a cache for programs of every project": (
        "output-in-cache-mount",
        NODE.format("npm install --global pm2"),
        NODE.format("npm install pm2"),
    ),
    "a directory that is there": (
        "final-command-dropped",
        USER.format("RUN mkdir -p /data\nRUN mkdir -p /data && chown ada /data"),
        USER.format("RUN mkdir -p /data && chown ada /data"),
    ),
    "files that a later copy replaces": (
        "copy-owner",
        USER.format("COPY --chown=ada package.json ./\nCOPY . ."),
        USER.format("COPY --chown=ada package.json ./\nCOPY server.js ./"),
    ),
    "deleted before it comes": (
        "needed-file-deleted",
        DELETED.format(f"USER node\n{COPY}"),
        DELETED.format(f"{COPY}\nUSER node"),
    ),
    "a package that only makes environments": (
        "package-removed",
        PYTHON.format("python3-venv"),
        PYTHON.format("libmagic1"),
    ),
    "a shell that stops at failures": (
        "failure-ignored",
        'FROM debian\nSHELL ["/bin/bash", "-ec"]\nRUN make && touch /x\n',
        'FROM debian\nSHELL ["/bin/bash", "-c"]\nRUN make && touch /x\n',
    ),
    "the account of the line before": (
        "setting-in-builder",
        NODE.format("npm install").replace("COPY server", "USER node\nRUN date\nUSER node\nCOPY server"),
        NODE.format("npm install").replace("COPY server", "USER node\nRUN date\nUSER 1000\nCOPY server"),
    ),
    "an argument that the parent declares": (
        "arg-dropped",
        "FROM debian AS base\nARG A=1\nFROM base\nARG A=1\nENV B=$A\n",
        "FROM debian AS base\nARG C=1\nFROM base\nARG A=1\nENV B=$A\n",
    ),
    "a program that only the builder starts": (
        "package-dropped",
        CAPABILITY.format("true"),
        CAPABILITY.format("getcap /x"),
    ),
    "a package that the image has": (
        "package-swapped",
        "FROM node:20-alpine\nRUN apk add libstdc++\n",
        "FROM node:20-alpine\nRUN apk add libmagic\n",
    ),
    "a package that is named twice": (
        "package-dropped",
        PYTHON.format("sqlite3-tools sqlite3-tools"),
        PYTHON.format("sqlite3-tools zbar-tools"),
    ),
    "a client that is removed before a compiler's step": (
        "removed-too-early",
        REMOVED.format(packages="git"),
        REMOVED.format(packages="gcc"),
    ),
    "a compiler that the image has": (
        "compiled-again-without-compiler",
        COMPILED.format("gcc"),
        COMPILED.format("libpq5"),
    ),
    "an environment of its own": (
        "output-in-cache-mount",
        COMPILED.format("libpq5").replace("pip install", "uv pip install"),
        COMPILED.format("libpq5"),
    ),
    "a directory in which nothing is made": (
        "final-command-dropped",
        "FROM node:20\nRUN cd /srv && npm cache clean --force\n",
        "FROM node:20\nRUN cd /srv && npm install\n",
    ),
    "a copy that nothing names": (
        "final-run-dropped",
        "FROM debian\nRUN cp -r /usr/share/fonts /opt/fonts\nCMD date\n",
        "FROM debian\nRUN cp -r /usr/share/fonts /opt/fonts\nCMD ls /opt/fonts\n",
    ),
    "a slash behind a directory that is there": (
        "slash-dropped",
        "FROM node:20\nWORKDIR /app\nCOPY server.js /app/\n",
        "FROM node:20\nWORKDIR /app\nCOPY server.js /pages/\n",
    ),
    "a file of a name that a directory has": (
        "slash-added",
        "FROM node:20\nRUN mkdir /pages\nCOPY server.js /pages\n",
        "FROM node:20\nCOPY server.js /pages\n",
    ),
    "a directory that nothing needs to be in": (
        "runs-merged",
        "FROM node:20\nRUN cd /opt && date > a\nRUN echo b\n",
        "FROM node:20\nRUN cd /opt && date > a\nRUN npm install\n",
    ),
    "a directory that is left alone": (
        "run-split",
        "FROM node:20\nRUN cd /opt && rm -rf /tmp/a\n",
        "FROM node:20\nRUN cd /opt && touch a\n",
    ),
    "an option of a cleaner": (
        "option-dropped",
        "FROM golang:1.24\nRUN go clean -cache\n",
        "FROM golang:1.24\nRUN go build -trimpath .\n",
    ),
    "a working directory that root makes": (
        "workdir-owner",
        "FROM node:20\nWORKDIR /app\nUSER node\n",
        "FROM node:20\nUSER node\nWORKDIR /app\n",
    ),
}


def _changes(kind: str, text: str, original: str, directory: Path) -> list[str]:
    for name, content in FILES.items():
        (directory / name).write_text(content)
    file = parse(original.encode(), "Dockerfile")
    program = classify(file, scan(directory, None), "Dockerfile", Options(), None)
    plan = Plan(rung="slim", language="", stages=())
    return [change for change, _ in KINDS[kind].mutate(Subject("twin", program, plan, text, file))]


@pytest.mark.parametrize(("kind", "harmless", "harmful"), TWINS.values(), ids=TWINS)
def test_twins(kind: str, harmless: str, harmful: str, tmp_path: Path) -> None:
    found = {*_changes(kind, harmful, harmful, tmp_path)} - {*_changes(kind, harmless, harmless, tmp_path)}
    assert found
    kept = "CMD" if kind == "setting-in-builder" else "nothing"
    assert [c for c in _changes(kind, harmless, harmless, tmp_path) if kept not in c] == []


@pytest.mark.parametrize(("word", "asked"), [("less", True), ("less", False), ("git", True)])
def test_a_package_for_a_step_of_the_final_stage(word: str, asked: bool, tmp_path: Path) -> None:
    """What only the new file installs for a step, or the user's to build, may go after it."""
    text = PYTHON.format(word).replace("CMD", f"RUN {word} /etc/motd\nCMD")
    original = text if asked else text.replace(f"install -y {word}", "install -y vim")
    assert bool(_changes("package-removed", text, original, tmp_path)) == (asked and word == "less")
