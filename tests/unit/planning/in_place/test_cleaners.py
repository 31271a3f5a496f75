"""Cleaning in place: each case is a last stage and what becomes of it, "" where it has to stay as it is."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.config import MinSaving, Options
from slimify.context.scan import Context, scan
from slimify.model.decisions import Decision
from slimify.model.sizes import MB
from slimify.planning.in_place.build_packages import build_packages
from slimify.planning.in_place.cleaners import next_edits
from slimify.planning.in_place.edits import Edits, new_draft
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.script import EditRefused

APP: Mapping[str, str] = {"requirements.txt": "psycopg2==2.9.9\n", "app.py": "import psycopg2\n"}
NODE: Mapping[str, str] = {
    "package.json": '{"name": "a", "dependencies": {"express": "4.18.2"}}',
    "package-lock.json": '{"name": "a", "lockfileVersion": 3, "packages": {}}',
    "server.js": "require('express')().listen(80)\n",
}
CFFI: Mapping[str, str] = {"requirements.txt": "cffi==1.17.1\n", "app.py": "import cffi\n"}
GO: Mapping[str, str] = {
    "go.mod": "module example.org/a\n\ngo 1.20\n",
    "main.go": 'package main\n\nfunc main() { println("up") }\n',
}
SLIM = "FROM python:3.12-slim-bookworm\n"
ALPINE = "FROM python:3.12-alpine\n"
START = 'CMD ["python", "app.py"]\n'


@dataclass(frozen=True, kw_only=True)
class Case:
    """`new` are lines that the new file has, `gone` such that it has not; neither: nothing changes."""

    id: str
    file: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=lambda: APP)
    asked: bool = True


CASES = (
    Case(
        id="nothing-is-left-behind",
        file=f"{SLIM}WORKDIR /app\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n{START}",
    ),
    Case(
        id="pip's-cache-is-deleted-already",
        file=f"{SLIM}COPY requirements.txt .\nRUN pip install -r requirements.txt && rm -rf ~/.cache/pip\nCOPY . .\n{START}",
    ),
    Case(
        id="npm's-cache-is-deleted-already",
        file='FROM node:20-alpine\nCOPY package*.json ./\nRUN npm ci && rm -rf ~/.npm/*\nCOPY . .\nCMD ["node", "server.js"]\n',
        files={**NODE, ".dockerignore": "node_modules\n"},
    ),
    Case(
        id="another-cache-is-deleted-than-pip's",
        file=f"{SLIM}COPY requirements.txt .\nRUN pip install -r requirements.txt && rm -rf /var/cache/*\nCOPY . .\n{START}",
        new=("RUN pip install --no-cache-dir -r requirements.txt && rm -rf /var/cache/*",),
    ),
    Case(
        id="another-cache-is-deleted-than-npm's",
        file='FROM node:20-alpine\nCOPY package*.json ./\nRUN npm ci && rm -rf /tmp/npm* /var/cache/apk/*\nCOPY . .\nCMD ["node", "server.js"]\n',
        new=("RUN npm ci && rm -rf /tmp/npm* /var/cache/apk/* && npm cache clean --force",),
        files={**NODE, ".dockerignore": "node_modules\n"},
    ),
    Case(
        id="a-cache-that-a-copy-brings-is-read",
        file=f"FROM python:3.8 AS builder\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n\nFROM python:3.8-slim\nCOPY requirements.txt app.py ./\nCOPY --from=builder /root/.cache /root/.cache\nRUN pip install -r requirements.txt\n{START}",
        files={"requirements.txt": "psutil==5.6.7\n", "app.py": "import psutil\n"},
    ),
    Case(
        id="another-directory-is-copied-home",
        file=f"FROM python:3.8 AS builder\nRUN mkdir /root/.aws && date > /root/.aws/built\n\nFROM python:3.8-slim\nCOPY requirements.txt app.py ./\nCOPY --from=builder /root/.aws /root/.aws\nRUN pip install -r requirements.txt\n{START}",
        files={"requirements.txt": "flask==3.0.0\n", "app.py": "import flask\n"},
        new=("RUN pip install --no-cache-dir -r requirements.txt",),
    ),
    Case(
        id="go-clean-of-1.12-removes-the-program",
        file='FROM golang:1.12\nWORKDIR /go/src/app\nCOPY . .\nRUN go build -o app && ./configure-host\nCMD ["./app"]\n',
        files={"main.go": GO["main.go"], "configure-host": "#!/bin/sh\necho x > /etc/app.conf\n"},
    ),
    Case(
        id="go-clean-of-1.13-does-not",
        file='FROM golang:1.13\nWORKDIR /go/src/app\nCOPY . .\nRUN go build -o app && ./configure-host\nCMD ["./app"]\n',
        files={"main.go": GO["main.go"], "configure-host": "#!/bin/sh\necho x > /etc/app.conf\n"},
        new=("RUN go build -o app && ./configure-host && go clean -cache",),
    ),
    Case(
        id="options-are-not-those-of-make",
        file=f"{SLIM}WORKDIR /app\nCOPY . .\nRUN make install\n{START}",
        files={
            **APP,
            "Makefile": "install:\n\tpip install -e .\n",
            "setup.py": "from setuptools import setup\nsetup()\n",
        },
    ),
    Case(
        id="options-are-not-those-of-a-script",
        file='FROM node:20-alpine\nCOPY . .\nRUN ./setup.sh --fast\nCMD ["node", "server.js"]\n',
        files={
            **NODE,
            "package.json": '{"name": "a", "dependencies": {"express": "4.18.2"}, "devDependencies": {"mocha": "10.0.0"}}',
            "setup.sh": "#!/bin/sh\nset -e\nnpm ci\n",
        },
        new=("RUN ./setup.sh --fast && npm cache clean --force",),
    ),
    Case(
        id="a-program-that-a-script-removes-is-not-called-after-it",
        file='FROM node:20-alpine\nCOPY . .\nARG REMOVE=1\nRUN npm ci && ./harden.sh\nCMD ["node", "server.js"]\n',
        files={
            **NODE,
            "harden.sh": "#!/bin/sh\nif [ $REMOVE = 1 ]; then\n  rm -rf /usr/local/lib/node_modules /usr/local/bin/npm\nfi\n",
        },
    ),
    Case(
        id="a-program-that-goes-with-its-package-is-not-called-after-it",
        file='FROM alpine:3.20\nRUN apk add --no-cache nodejs\nCOPY . .\nRUN apk add --no-cache --virtual .build npm && npm ci && apk del .build\nCMD ["node", "server.js"]\n',
        files=NODE,
    ),
    Case(
        id="what-is-added-replaces-the-semicolon",
        file=f"{SLIM}COPY requirements.txt .\nRUN apt-get update; apt-get install -y libpq5;\nRUN pip install -r requirements.txt; # all\nCOPY app.py .\n{START}",
        new=(
            "RUN apt-get update; apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*",
            "RUN pip install --no-cache-dir -r requirements.txt; # all",
        ),
    ),
    Case(
        id="what-a-copy-brought-is-not-deleted-elsewhere",
        file=f"{SLIM}COPY app.py /opt/app.py\nRUN cp /opt/app.py /srv/app.py\nRUN rm /opt/app.py\n{START}",
    ),
    Case(
        id="a-deletion-behind-an-unknown-step-stays",
        file=f"{SLIM}RUN curl -so /tmp/x.tgz https://example.org/x.tgz\nCOPY . .\nRUN ./prepare\nRUN rm /tmp/x.tgz\n{START}",
    ),
    Case(
        id="a-deletion-beside-what-may-make-the-file-stays",
        file=f"{SLIM}RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\nRUN ./fetch && rm -rf /var/lib/apt/lists/*\n{START}",
    ),
    Case(
        id="packages-that-an-unknown-step-may-call-stay",
        file=f"{SLIM}RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\nCOPY . .\nRUN ./prepare.sh\n{START}",
    ),
    Case(
        id="packages-stay-where-nothing-says-what-is-run",
        file=f"{SLIM}RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n",
    ),
    Case(
        id="packages-of-a-full-image-are-its-own",
        file=f"FROM python:3.12-bookworm\nRUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n{START}",
    ),
    Case(
        id="without-being-asked-no-package-is-installed-anew-with-every-source",
        file=f"FROM private/python:3\nRUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n{START}",
        asked=False,
    ),
    Case(
        id="an-owner-that-a-step-cannot-say-stays",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN ./prepare\nRUN chown -R app:app /app\nUSER app\n{START}",
    ),
    Case(
        id="modes-of-the-same-files-are-set-all-the-same",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN chown -R app:app /app && chmod -R 755 /app\nUSER app\n{START}",
    ),
    Case(
        id="a-user-without-its-group-and-files-of-another-stage",
        file=f"FROM python:3.12 AS built\nRUN mkdir /app\n{SLIM}RUN useradd app\nCOPY --from=built /app /app\nRUN chown -R app /app\nUSER app\n{START}",
    ),
    Case(
        id="an-owner-that-only-a-shell-knows",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN chown -R $(id -u app):0 /app\nUSER app\n{START}",
    ),
    Case(
        id="a-user-whose-home-is-where-the-files-come",
        file=f"{SLIM}COPY . /home/app\nRUN useradd -m app\nRUN chown -R app:app /home/app\nUSER app\n{START}",
    ),
    Case(
        id="an-install-with-hooks-comes-after-the-sources",
        file='FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm cache clean --force\nCMD ["node", "server.js"]\n',
        files={
            **NODE,
            ".dockerignore": "node_modules\n",
            "package.json": '{"name": "a", "scripts": {"postinstall": "node x.js"}, "dependencies": {"express": "4.18.2"}}',
        },
    ),
    Case(
        id="lists-are-removed-where-the-last-step-uses-them",
        file=f"{SLIM}RUN apt-get update\nRUN apt-get install -y libpq5\nCOPY app.py .\nRUN rm -rf /var/lib/apt/lists/*\n{START}",
        new=(
            "RUN apt-get update \\",
            "    && apt-get install -y libpq5 \\",
            "    && rm -rf /var/lib/apt/lists/*",
        ),
        gone=("RUN rm -rf /var/lib/apt/lists/*",),
    ),
    Case(
        id="one-step-installs-uses-and-removes",
        file=f"{SLIM}RUN apt-get update && apt-get install -y gcc libpq-dev\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n{START}",
        new=(
            "RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*",
            "RUN apt-get update && apt-get install -y gcc libpq-dev \\",
            "    && apt-get purge -y --auto-remove gcc libpq-dev \\",
        ),
    ),
    Case(
        id="in-one-step-already-only-the-removal-is-new",
        file=f"{SLIM}COPY requirements.txt .\nRUN apt-get update && apt-get install -y gcc libpq-dev && pip install -r requirements.txt\nCOPY . .\n{START}",
        new=(
            "RUN apt-get update && apt-get install -y gcc libpq-dev libpq5 && pip install --no-cache-dir -r requirements.txt \\",
            "    && apt-get purge -y --auto-remove gcc libpq-dev \\",
        ),
    ),
    Case(
        id="a-group-of-the-step-that-uses-them-takes-them-along",
        file=f"{ALPINE}RUN apk add --no-cache libffi-dev bash\nCOPY requirements.txt .\nRUN apk add --no-cache --virtual .build-deps gcc musl-dev && pip install --no-cache-dir -r requirements.txt && apk del .build-deps\nCOPY . .\n{START}",
        new=(
            "RUN apk add --no-cache libffi bash",
            "RUN apk add --no-cache --virtual .build-deps gcc musl-dev libffi-dev && pip install --no-cache-dir -r requirements.txt && apk del .build-deps",
        ),
        files=CFFI,
    ),
    Case(
        id="a-group-that-stays-keeps-its-name-to-itself",
        file=f"{ALPINE}RUN apk add --no-cache gcc bash\nCOPY requirements.txt .\nRUN apk add --no-cache --virtual .build-deps musl-dev libffi-dev && pip install --no-cache-dir -r requirements.txt\nCOPY . .\n{START}",
        new=("RUN apk add --no-cache --virtual .build-deps-2 gcc \\", "    && apk del .build-deps-2"),
        files=CFFI,
    ),
    Case(
        id="a-removal-that-is-there-already-takes-them-along",
        file=f"{ALPINE}COPY requirements.txt .\nRUN apk add --no-cache gcc musl-dev libffi-dev bash && pip install --no-cache-dir -r requirements.txt && apk del gcc\nCOPY . .\n{START}",
        new=(
            "RUN apk add --no-cache gcc musl-dev libffi-dev libffi bash && pip install --no-cache-dir -r requirements.txt && apk del gcc musl-dev libffi-dev",
        ),
        files=CFFI,
    ),
    Case(
        id="what-apt-installs-and-purges-in-one-step-takes-further-packages-along",
        file=f"{SLIM}RUN apt-get update && apt-get install -y libpq-dev && rm -rf /var/lib/apt/lists/*\nCOPY requirements.txt .\nRUN apt-get update && apt-get install -y gcc && pip install --no-cache-dir -r requirements.txt && apt-get purge -y --auto-remove gcc && rm -rf /var/lib/apt/lists/*\nCOPY . .\n{START}",
        new=(
            "RUN apt-get update && apt-get install -y gcc libpq-dev && pip install --no-cache-dir -r requirements.txt && apt-get purge -y --auto-remove gcc libpq-dev && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Case(
        id="what-go-kept-goes-without-go-where-that-was-removed",
        file='FROM alpine:3.19\nWORKDIR /src\nCOPY . .\nRUN apk add --no-cache go \\\n\t&& go build -o /usr/bin/a . \\\n\t&& apk del go\nCMD ["/usr/bin/a"]\n',
        new=("\t&& rm -rf /root/.cache/go-build /root/go/pkg/mod",),
        files=GO,
    ),
    Case(
        id="make-that-starts-the-program-stays",
        file=f'{ALPINE}RUN apk add --no-cache make\nCOPY requirements.txt /\nRUN pip install --no-cache-dir -r /requirements.txt\nCOPY . /app\nCMD ["make", "-C", "/app", "serve"]\n',
        files={**APP, "Makefile": "serve:\n\tpython app.py\n"},
    ),
    Case(
        id="modules-that-a-watcher-compiles-with-stay",
        file='FROM golang:1.23\nRUN go install github.com/air-verse/air@latest\nWORKDIR /src\nCOPY go.mod ./\nRUN go mod download\nCOPY . .\nCMD ["air"]\n',
        files=GO,
    ),
    Case(
        id="the-user-is-made-before-the-files-are-copied",
        file=f"{SLIM}WORKDIR /app\nCOPY . .\nRUN useradd --no-create-home app && chown -R app:app /app\nRUN pip install flask\nUSER app\n{START}",
        new=("RUN useradd --no-create-home app", "COPY --chown=app:app . .", "RUN chown app:app /app"),
        gone=("COPY . .",),
    ),
    Case(
        id="directories-above-one-that-mkdir-makes",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN mkdir -p var/a && chown -R app:app /app\nUSER app\n{START}",
        new=("COPY --chown=app:app . .", "RUN mkdir -p var/a && chown app:app /app /app/var /app/var/a"),
    ),
    Case(
        id="a-directory-that-mkdir-makes-later-stays-as-it-is",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN chown -R app:app /app && mkdir var\nUSER app\n{START}",
        new=("COPY --chown=app:app . .", "RUN chown app:app /app && mkdir var"),
    ),
    Case(
        id="a-user-without-its-group-leaves-that-of-the-context",
        file=f"{SLIM}RUN useradd app\nWORKDIR /app\nCOPY . .\nRUN chown -R app /app\nUSER app\n{START}",
        new=("COPY --chown=app:root . .", "RUN chown app /app"),
    ),
    Case(
        id="an-owner-in-a-variable",
        file=f"{SLIM}ENV who=app\nRUN useradd $who\nWORKDIR /app\nCOPY . .\nRUN chown -R $who:$who /app\nUSER app\n{START}",
        new=("COPY --chown=$who:$who . .", "RUN chown $who:$who /app"),
    ),
    Case(
        id="a-step-that-makes-the-user-goes-in-front",
        file=f"{SLIM}WORKDIR /app\nCOPY . .\nRUN groupadd -r app && useradd -r -g app app\nRUN pip install --no-cache-dir flask\nRUN chown -R app:app /app\nUSER app\n{START}",
        new=(
            "RUN groupadd -r app && useradd -r -g app app\nCOPY --chown=app:app . .",
            "RUN chown app:app /app",
        ),
    ),
    Case(
        id="a-lock-file-that-comes-later-is-not-missed",
        file='FROM python:3.12-slim\nWORKDIR /app\nCOPY Pipfile ./\nRUN pip install --no-cache-dir pipenv\nRUN pipenv install\nCOPY . .\nCMD ["pipenv", "run", "python", "app.py"]\n',
        new=("RUN pipenv install && rm -rf /root/.cache/pipenv /root/.cache/pip",),
        files={**APP, "Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": "{}"},
    ),
    Case(
        id="an-installer-into-the-system-stays",
        file=f"FROM debian:bookworm\nRUN apt-get update && apt-get install -y python3-pip python3-dev gcc\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip3 install --upgrade --break-system-packages pip\nRUN pip3 install --break-system-packages -r requirements.txt\nCOPY app.py ./\n{START.replace('python', 'python3')}",
        new=(
            "RUN apt-get update && apt-get install -y python3-pip python3 ca-certificates \\",
            "    && apt-get purge -y --auto-remove python3-dev gcc \\",
        ),
        files=CFFI,
    ),
    Case(
        id="node-installs-before-the-sources-come",
        file='FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n',
        new=("COPY package.json package-lock.json ./", "RUN npm ci && npm cache clean --force"),
        files={**NODE, ".dockerignore": "node_modules\n"},
    ),
    Case(
        id="node-installs-behind-its-own-files",
        file='FROM node:20-alpine\nWORKDIR /app\nCOPY package*.json ./\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n',
        new=("COPY package*.json ./", "RUN npm ci && npm cache clean --force\nCOPY . ."),
        gone=("COPY package.json package-lock.json ./",),
        files={**NODE, ".dockerignore": "node_modules\n"},
    ),
    Case(
        id="not-where-packages-of-this-machine-would-be-copied-over-them",
        file='FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n',
        new=("RUN npm ci && npm cache clean --force",),
        gone=("COPY package.json package-lock.json ./",),
        files=NODE,
    ),
)


def _rewritten(case: Case, directory: Path) -> str:
    for name, text in case.files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    options = Options(single_stage=case.asked, dockerignore=False, min_saving=MinSaving(percent=0, bytes=0))
    outcome = pipeline.rewrite(case.file.encode(), name="Dockerfile", context=directory, options=options)
    assert outcome.error is None
    return outcome.after or ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_in_place(case: Case, tmp_path: Path) -> None:
    text = _rewritten(case, tmp_path)
    assert bool(text) == bool(case.new), text
    assert [part for part in case.new if f"\n{part}\n" not in text] == [], text
    assert [part for part in case.gone if f"\n{part}\n" in text] == [], text


@pytest.mark.parametrize(("packages", "moved"), [("libffi-dev", False), ("gcc libffi-dev", True)])
def test_what_is_smaller_than_the_lists_is_not_moved(packages: str, moved: bool, tmp_path: Path) -> None:
    install = f"RUN apt-get update && apt-get install -y {packages} && rm -rf /var/lib/apt/lists/*\n"
    text = (
        f"{SLIM}{install}COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY app.py .\n{START}"
    )
    for name, content in APP.items():
        (tmp_path / name).write_text(content)
    program = classify(parse(encode(text)), scan(tmp_path), "Dockerfile", Options())
    assert bool(build_packages(program, asked=False).texts) is moved
    assert build_packages(program, asked=True).texts


@pytest.mark.parametrize(
    ("base", "packages", "told"),
    [
        pytest.param("python:3.12-slim-bookworm", "git", "openssh-client", id="named-with-their-size"),
        pytest.param("python:3.12-slim-bookworm", "libmagic1", "", id="nothing-comes-along"),
        pytest.param("python:3.12-bookworm", "git", "", id="the-base-image-has-it"),
        pytest.param("debian:bookworm-slim", "python3-pip", "117 more (4", id="more-than-anybody-names"),
        pytest.param("ubuntu:20.04", "git", "openssh-client", id="as-in-the-nearest-debian"),
        pytest.param(
            "python:3.12-slim-bookworm", "some-tool", "packages that some-tool only recommends", id="unknown"
        ),
        pytest.param("python:3.12-slim-bookworm", "--no-install-recommends git", "", id="said-already"),
    ],
)
def test_recommended_packages(base: str, packages: str, told: str, tmp_path: Path) -> None:
    file = f"FROM {base}\nRUN apt-get update && apt-get install -y {packages}\nCOPY app.py .\n{START}"
    (tmp_path / "app.py").write_text("print()\n")
    options = Options(single_stage=True, min_saving=MinSaving(percent=0, bytes=0))
    outcome = pipeline.rewrite(file.encode(), name="Dockerfile", context=tmp_path, options=options)
    texts = [d.text for d in outcome.decisions if d.code == "SL355"]
    assert len(texts) == bool(told)
    assert all(told in text for text in texts)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        pytest.param(
            "FROM node:20\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci --cache /tmp/c\n"
            'COPY server.js ./\nRUN npm run build\nRUN npm prune --omit=dev\nCMD ["node", "server.js"]\n',
            "`npm prune --omit=dev` frees no space, as line 4 stores the files in an earlier layer: other instructions",
            id="something-stands-in-between",
        ),
        pytest.param(
            f"{SLIM}RUN useradd app\nUSER app\nRUN curl -so /tmp/x.tgz https://example.org/x.tgz\nUSER root\n"
            f"RUN rm /tmp/x.tgz\n{START}",
            "`rm /tmp/x.tgz` frees no space, as line 4 stores the files in an earlier layer: another user",
            id="another-user",
        ),
    ],
)
def test_what_frees_nothing_is_told(file: str, why: str, tmp_path: Path) -> None:
    for name, text in {**APP, **NODE}.items():
        (tmp_path / name).write_text(text)
    options = Options(single_stage=True, min_saving=MinSaving(percent=0, bytes=0))
    outcome = pipeline.rewrite(file.encode(), name="Dockerfile", context=tmp_path, options=options)
    assert [d.text for d in outcome.decisions if d.code == "SL356" and d.text.startswith(why)]


def test_lists_of_a_parent_stage_are_joined_as_often_as_they_are_fetched(tmp_path: Path) -> None:
    fetched = (
        "RUN apt-get update\nRUN apt-get install -y tree\nRUN apt-get update\nRUN apt-get install -y jq\n"
    )
    first = "FROM node:20 AS base\nRUN apt-get update && apt-get upgrade -y && apt-get clean\n"
    file = f'{first}{fetched}FROM base\nCMD ["node", "x.js"]\n'
    (tmp_path / "x.js").write_text("1")
    once = pipeline.rewrite(file.encode(), name="Dockerfile", context=tmp_path)
    assert once.after is not None
    assert once.after.count("RUN") == 2
    assert pipeline.rewrite(once.after.encode(), name="Dockerfile", context=tmp_path).after is None


def test_an_edit_that_repeats_itself_is_made_once() -> None:
    def read(text: str) -> Program:
        return classify(parse(encode(text)), Context.empty(), "Dockerfile", Options())

    def clean(program: Program, _: Options) -> Edits:
        told = Decision.of("SL314", "cache", safety="safe", line=2, cache="pip")
        return Edits(
            texts={1: program.dockerfile.instructions[1].raw.rstrip() + " --quiet"}, decisions=(told,)
        )

    draft = new_draft(read("FROM python:3.12\nRUN pip install flask\n"))
    draft = draft.edited(next_edits(clean, draft, Options()))
    assert draft.text.endswith("RUN pip install flask --quiet\n")
    assert not next_edits(clean, replace(draft, program=read(draft.text)), Options()).changes


def test_an_edit_that_is_not_possible_is_not_made() -> None:
    def clean(program: Program, _: Options) -> Edits:
        raise EditRefused("the commands would be parsed differently")

    program = classify(parse(encode("FROM python:3.12\n")), Context.empty(), "Dockerfile", Options())
    assert next_edits(clean, new_draft(program), Options()) == Edits()


@pytest.mark.parametrize(
    ("first", "second", "megabytes"),
    [
        ("", "", (200, 900)),
        ("--no-cache-dir ", "", (200, 900)),
        ("", "--no-cache-dir ", (1, 20)),  # it keeps nothing as it is
    ],
)
def test_only_installs_that_are_changed_save_their_downloads(
    first: str, second: str, megabytes: tuple[int, int], tmp_path: Path
) -> None:
    file = f"FROM python:3.12-slim\nRUN pip install {first}flask && pip install {second}tensorflow\n{START}"
    (tmp_path / "app.py").write_text("import flask\n")
    outcome = pipeline.rewrite(
        file.encode(), name="Dockerfile", context=tmp_path, options=Options(single_stage=True)
    )
    assert outcome.estimate is not None
    low, high = megabytes
    assert low * MB <= outcome.estimate.saving <= high * MB
