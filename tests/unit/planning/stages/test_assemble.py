"""How the new file reads: order, blank lines, comments. Each case is the whole final stage."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

PYTHON: Mapping[str, str] = {"requirements.txt": "psycopg2==2.9.9\n", "app.py": "import psycopg2\n"}
FILMS: Mapping[str, str] = {
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "import flask, os\nos.system('ffmpeg -version')\n",
}
WITH_FRONTEND: Mapping[str, str] = {
    "package.json": '{"name": "a", "dependencies": {"express": "4.18.2"}}',
    "server.js": "const express = require('express')\nexpress().use(express.static('public')).listen(80)\n",
    "web/package.json": '{"name": "w", "scripts": {"build": "react-scripts build"}, "dependencies": {"react-scripts": "5.0.1"}}',
    "web/src/index.js": "",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A Dockerfile and the final stage that it gets, without its FROM line."""

    id: str
    file: str
    final: str
    files: Mapping[str, str] = field(default_factory=lambda: PYTHON)


CASES = (
    Case(
        id="what-is-added-replaces-the-semicolon",
        file="""\
FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y gcc ffmpeg;
COPY requirements.txt .
RUN pip install -r requirements.txt;
COPY . .
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["python", "app.py"]
""",
        files=FILMS,
    ),
    Case(
        id="what-is-added-precedes-the-comment",
        file="""\
FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y gcc ffmpeg # for films
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/* # for films
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["python", "app.py"]
""",
        files=FILMS,
    ),
    Case(
        id="lists-that-the-next-install-fetches-itself-are-fetched-once",
        file="""\
FROM python:3.12-bookworm
RUN apt-get update
RUN apt-get install -y gcc
RUN apt-get update && apt-get install -y libpq-dev
RUN apt-get update
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
RUN apt-get update
RUN apt-get install -y ghostscript
COPY app.py .
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN apt-get update \\
    && apt-get install -y ghostscript \\
    && rm -rf /var/lib/apt/lists/*
COPY app.py .
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="no-blank-line-behind-from-where-the-user-leaves-none",
        file="""\
FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY app.py .
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="packages-of-one-long-run-come-before-what-is-copied",
        file="""\
FROM python:3.12-slim-bookworm

WORKDIR /srv/app
COPY requirements.txt .

# what the service needs
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev supervisor \\
    && pip install --no-cache-dir -r requirements.txt \\
    && rm -rf /var/lib/apt/lists/* \\
    && mkdir /var/log/app

COPY app.py .
CMD ["supervisord", "-n"]
""",
        final="""\

WORKDIR /srv/app

# what the service needs
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 supervisor \\
    && rm -rf /var/lib/apt/lists/* \\
    && mkdir /var/log/app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin

COPY app.py .
CMD ["supervisord", "-n"]
""",
    ),
    Case(
        id="arguments-stay-where-a-step-may-read-them",
        file="""\
FROM python:3.12-slim-bookworm
# no Rust here
ARG CRYPTOGRAPHY_DONT_BUILD_RUST=1
ARG DEBIAN_FRONTEND=noninteractive
ARG STATIC_HOST=cdn
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ARG UNREAD
RUN mkdir /data
ARG FLAVOUR
COPY . .
RUN python app.py collect
CMD ["python", "app.py"]
""",
        final="""\
# no Rust here
ARG CRYPTOGRAPHY_DONT_BUILD_RUST=1
ARG DEBIAN_FRONTEND=noninteractive
ARG STATIC_HOST=cdn
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
ARG UNREAD
RUN mkdir /data
ARG FLAVOUR
COPY . .
RUN python app.py collect
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="arguments-that-no-step-reads-go-with-their-comment",
        file="""\
FROM python:3.12-slim-bookworm
# no Rust here
ARG CRYPTOGRAPHY_DONT_BUILD_RUST=1
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ARG UNREAD
RUN mkdir /data
COPY . .
CMD ["python", "app.py"]
""",
        final="""\
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN mkdir /data
COPY . .
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="a-workdir-is-said-once",
        file="""\
FROM python:3.12-bookworm

RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm
COPY requirements.txt .
RUN pip install -r requirements.txt
RUN useradd -m app
WORKDIR /app
RUN chown app:app /app
USER app
COPY --chown=app:app . .
WORKDIR client
RUN npm install && npm run build
WORKDIR /app

CMD ["python", "app.py"]
""",
        files={
            **PYTHON,
            "client/package.json": '{"name": "c", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "5.0.0"}}',
            "client/index.html": "<p>",
        },
        final="""\

RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 \\
    && rm -rf /var/lib/apt/lists/*

COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
RUN useradd -m app
WORKDIR /app
RUN chown app:app /app
USER app
COPY --from=builder --chown=app:app /app /app

CMD ["python", "app.py"]
""",
    ),
    Case(
        id="sources-that-the-build-deletes-do-not-come-back",
        file="""\
FROM node:20-bookworm

WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev
COPY . .
RUN cd web && npm install && npm run build && mv build ../public && cd .. && rm -rf web

CMD ["node", "server.js"]
""",
        files=WITH_FRONTEND,
        final="""\

WORKDIR /app
COPY --from=builder /app /app

CMD ["node", "server.js"]
""",
    ),
    Case(
        id="what-run-time-deletes-is-deleted-there",
        file="""\
FROM node:20-bookworm

WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev
COPY . .
RUN rm -rf web

CMD ["node", "server.js"]
""",
        files=WITH_FRONTEND,
        final="""\

WORKDIR /app
COPY --from=builder /app/node_modules /app/node_modules
COPY . .
RUN rm -rf web

CMD ["node", "server.js"]
""",
    ),
    Case(
        id="a-secret-that-no-step-names-stays-in-the-builder",
        file="""\
FROM python:3.12-bookworm
ARG RELEASE
ARG API_TOKEN
COPY ca.crt /usr/local/share/ca-certificates/
RUN update-ca-certificates
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
""",
        files={**PYTHON, "ca.crt": ""},
        final="""\
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 \\
    && rm -rf /var/lib/apt/lists/*
ARG RELEASE
COPY ca.crt /usr/local/share/ca-certificates/
RUN update-ca-certificates
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="of-several-stages-only-the-last-one-is-split",
        file="""\
FROM node:20 AS pages
RUN mkdir /pages

# what runs
FROM python:3.12-bookworm AS image
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
COPY --from=pages /pages ./pages
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
COPY --from=pages /pages ./pages
CMD ["python", "app.py"]
""",
    ),
    Case(
        id="files-of-the-base-come-from-a-stage-on-the-same-image",
        file="""\
FROM golang:1.24-alpine3.20
WORKDIR /src
COPY . .
RUN go build -o /server .

FROM golang:1.24-alpine3.20
COPY --from=0 /server /server
CMD ["/server"]
""",
        files={
            "go.mod": "module a.b/c\n\ngo 1.24\n",
            "main.go": 'package main\n\nimport "time"\n\nfunc main() { time.LoadLocation("Europe/Paris") }\n',
        },
        final="""\
COPY --from=0 /usr/local/go/lib/time/zoneinfo.zip /usr/local/go/lib/time/zoneinfo.zip
WORKDIR /go
COPY --from=0 /server /server
CMD ["/server"]
""",
    ),
    Case(
        id="what-the-stage-it-starts-from-has-done-is-copied",
        file="""\
FROM python:3.12-bookworm AS base
COPY requirements.txt .
RUN pip install -r requirements.txt
RUN ln -s /srv/start.sh /usr/local/bin/start
RUN echo 80 > /etc/ports

FROM base
COPY . .
CMD ["python", "app.py"]
""",
        final="""\
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=base /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY --from=base /usr/local/bin /usr/local/bin
RUN echo 80 > /etc/ports
COPY . .
CMD ["python", "app.py"]
""",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_final_stage(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(case.file.encode(), name="Dockerfile", context=tmp_path, options=Options())
    assert outcome.after is not None, outcome.decisions
    assert outcome.after.rpartition("\nFROM ")[2].partition("\n")[2] == case.final
