"""Python: what steps read and leave where they are executed. Cases that need no golden file of their own."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from unit.python_layouts import FLASK, INSTALL, START, Row, holds, lines

ROWS = (
    Row(
        id="a-start-script-that-no-checkout-has",
        file=lines("FROM python:3.11", "WORKDIR /app", *INSTALL, 'CMD ["/app/run.sh"]'),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="a-start-script-that-a-step-writes",
        file=lines(
            "FROM python:3.11",
            *INSTALL,
            "RUN printf '#!/bin/sh\\nwget x\\n' > /run && chmod +x /run",
            "CMD /run",
        ),
        final=("    && apt-get install -y --no-install-recommends wget \\",),
    ),
    Row(
        id="a-directory-that-is-emptied-holds-more-than-what-the-build-read",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY requirements.txt /in/requirements.txt",
            "RUN date > /in/stamp && cp /in/stamp /app/stamp",
            "RUN pip install -r /in/requirements.txt && rm -rf /in",
            "COPY app.py .",
            START,
        ),
        final=("RUN rm -rf /in",),
    ),
    Row(
        id="a-package-of-a-directory-beside",
        file=lines(
            "FROM python:3.11",
            "COPY lib /srv/lib",
            "WORKDIR /srv/app",
            "COPY base.txt requirements.txt ./",
            "RUN pip install -r requirements.txt",
            "COPY app.py .",
            START,
        ),
        files={
            "lib/setup.py": "from setuptools import setup\nsetup(name='lib')\n",
            "base.txt": "flask\n-e ../lib\n",
            "requirements.txt": "-r base.txt\n",
            "app.py": "import flask, lib\n",
        },
        builder=("COPY lib /srv/lib",),
        final=("COPY lib /srv/lib",),
    ),
    Row(
        id="a-path-that-poetry-installs-from",
        file=lines(
            "FROM python:3.11",
            "RUN pip install poetry",
            "COPY lib /srv/lib",
            "WORKDIR /srv/app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry config virtualenvs.create false && poetry install --no-root",
            "COPY app.py .",
            START,
        ),
        files={
            "lib/setup.py": "from setuptools import setup\nsetup(name='lib')\n",
            "pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nlib = { path = "../lib" }\n',
            "poetry.lock": "",
            "app.py": "import lib\n",
        },
        builder=("COPY lib /srv/lib",),
    ),
    Row(
        id="a-directory-that-a-compilers-words-name",
        file=lines(
            "FROM python:3.11",
            "COPY proto /proto",
            "WORKDIR /app",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "RUN python -m grpc_tools.protoc -I/proto --python_out=. /proto/a.proto",
            "COPY app.py .",
            START,
        ),
        files={"proto/a.proto": "", "requirements.txt": "grpcio-tools\n", "app.py": "import a_pb2\n"},
        builder=("COPY proto /proto",),
    ),
    Row(
        id="bytecode-is-compiled-where-the-sources-are",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "COPY app.py /srv/site/app.py",
            "RUN python -m compileall /srv/site",
            "RUN pip install gunicorn",
            'CMD ["python", "/srv/site/app.py"]',
        ),
        final=("RUN python -m compileall /srv/site",),
    ),
    Row(
        id="a-linter-that-is-told-where-to-look",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt flake8",
            "COPY app.py /srv/site/app.py",
            "RUN flake8 /srv/site",
            'CMD ["python", "/srv/site/app.py"]',
        ),
        builder=("COPY app.py /srv/site/app.py", "RUN flake8 /srv/site"),
        final=("COPY app.py /srv/site/app.py",),
        never=("RUN flake8",),
    ),
    Row(
        id="a-link-that-comes-along-is-not-made-again",
        file=lines(
            "FROM ubuntu:20.04",
            "RUN apt-get update && apt-get install -y python3-pip gcc && cd /usr/local/bin && ln -s /usr/bin/python3 python && pip3 install wheel",
            "WORKDIR /app",
            *INSTALL,
            "RUN ln -s /app/app.py /usr/local/bin/app",
            START,
        ),
        rung="same-base",
        final=("RUN ln -s /app/app.py /usr/local/bin/app",),
        never=("ln -s /usr/bin/python3",),
    ),
    Row(
        id="lists-that-distclean-removes",
        file=lines(
            "FROM python:3.13-slim-trixie",
            "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && apt-get distclean",
            "COPY requirements.txt .",
            "RUN pip install --no-cache-dir -r requirements.txt",
            "COPY app.py .",
            START,
        ),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="a-file-in-tmp-that-the-image-starts-with",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt /tmp/requirements.txt",
            "COPY site.json /tmp/site.json",
            "RUN pip install -r /tmp/requirements.txt && cat /tmp/site.json",
            "WORKDIR /srv",
            "COPY app.py .",
            'CMD ["python", "app.py", "--site", "/tmp/site.json"]',
        ),
        files={**FLASK, "site.json": "{}"},
        final=("COPY site.json /tmp/site.json",),
    ),
    Row(
        id="what-is-installed-already-needs-no-compiler",
        file=lines(
            "FROM python:3.12",
            "RUN pip install uv",
            "WORKDIR /app",
            "COPY pyproject.toml uv.lock ./",
            "RUN uv sync --frozen",
            "RUN uv run playwright install --with-deps firefox",
            "COPY app.py .",
            'CMD ["uv", "run", "app.py"]',
        ),
        files={
            "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["playwright"]\n',
            "uv.lock": 'version = 1\n\n[[package]]\nname = "playwright"\nversion = "1.44.0"\n',
            "app.py": "import playwright\n",
        },
        final=("RUN uv run playwright install --with-deps firefox && rm -rf /var/lib/apt/lists/*",),
        never=("gcc",),
    ),
    Row(
        id="an-application-in-tmp",
        file=lines(
            "FROM python:3.11",
            "COPY . /tmp/app",
            "WORKDIR /tmp/app",
            "RUN pip install -r requirements.txt",
            START,
        ),
        final=("COPY . /tmp/app",),
    ),
    Row(
        id="kernels-are-compiled-at-run-time-with-pythons-headers",
        file=lines(
            "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04",
            "RUN apt-get update && apt-get install -y --no-install-recommends python3-dev gcc python3-pip git",
            "RUN pip3 install --no-cache-dir triton==2.3.0",
            "COPY app.py .",
            'CMD ["python3", "app.py"]',
        ),
        rung="same-base",
        final=(
            "RUN apt-get update && apt-get install -y --no-install-recommends python3-dev gcc ca-certificates python3 python3-setuptools \\\n    && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="a-list-of-packages-that-is-fetched-for-the-build",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /tmp",
            "ADD https://example.org/api/branches/main version.json",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "WORKDIR /srv",
            "COPY app.py .",
            START,
        ),
        builder=("ADD https://example.org/api/branches/main version.json", "COPY requirements.txt ."),
        never=("ADD", "requirements.txt"),
    ),
    Row(
        id="owners-that-are-set-twice-in-a-directory-that-is-copied",
        file=lines(
            "FROM python:3.11",
            "RUN useradd -m web && apt-get update && apt-get install -y nodejs npm",
            "COPY . /srv/web",
            "RUN chown -R web /srv/web",
            "WORKDIR /srv/web",
            "RUN pip install -r requirements.txt && cd client && npm ci && npm run build && rm -rf node_modules",
            "RUN mkdir /srv/web/logs && chown -R web /srv/web",
            START,
        ),
        files={
            **FLASK,
            "client/package.json": '{"scripts": {"build": "cp page.html /srv/web/static.html"}}',
            "client/package-lock.json": "{}",
            "client/page.html": "",
        },
        final=("COPY --from=builder /srv/web /srv/web", "RUN chown web /srv/web"),
        never=("chown -R", "mkdir"),
    ),
    Row(
        id="lists-that-go-with-the-directory-around-them",
        file=lines(
            "FROM python:3.11-slim",
            "RUN apt-get update && apt-get install -y --no-install-recommends libmagic1 && rm -rf /var/lib/apt",
            "COPY requirements.txt .",
            "RUN pip install --no-cache-dir -r requirements.txt",
            START,
        ),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="alpines-python-with-scripts-among-apks",
        file=lines(
            "FROM alpine:3.18",
            "RUN apk add --no-cache python3 py3-pip gcc musl-dev python3-dev libffi-dev",
            *INSTALL,
            'CMD ["gunicorn", "app:app"]',
        ),
        files={**FLASK, "requirements.txt": "flask\ngunicorn\ncffi\n"},
        rung="same-base",
        final=(
            "RUN apk add --no-cache python3 ca-certificates libffi",
            "COPY --from=builder /usr/lib/python3.11/site-packages /usr/lib/python3.11/site-packages",
            "COPY --from=builder /usr/bin/gunicorn /usr/bin/gunicorn",
        ),
    ),
    Row(
        id="alpines-python-without-a-script",
        file=lines(
            "FROM alpine:3.18",
            "RUN apk add --no-cache python3 py3-pip gcc musl-dev python3-dev",
            *INSTALL,
            'ENTRYPOINT ["/usr/bin/python3", "app.py"]',
        ),
        rung="same-base",
        never=("/usr/bin ", "COPY --from=builder /usr/bin/"),
    ),
    Row(
        id="a-program-on-alpine-that-may-be-one-of-pips",
        file=lines(
            "FROM alpine:3.18",
            "RUN apk add --no-cache python3 py3-pip gcc musl-dev python3-dev",
            *INSTALL,
            'CMD ["serve-it"]',
        ),
        rung="cleanup",
        final=(
            "RUN apk add --no-cache python3 py3-pip",
            "RUN apk add --no-cache --virtual .build-deps gcc musl-dev python3-dev \\",
        ),
        reason="starts `serve-it`",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
