"""COPY and ADD: which stage needs the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import NODE, Row, holds

INSTALL = "RUN pip install -r requirements.txt"
START = 'CMD ["python", "app.py"]'
PYTHON = {"requirements.txt": "flask\n", "app.py": "import flask\n", "conf/site.conf": ""}
BUILT = ("build", "read_by_build")
BOTH = ("both", "read_by_both")
RUN = ("run", "files")

ROWS = (
    Row(
        id="nothing-is-built",
        file=("FROM python:3.12", "WORKDIR /app", "COPY . .", START),
        files=PYTHON,
        roles={"COPY": RUN},
        copied=(),
    ),
    Row(
        id="read-by-both",
        file=("FROM python:3.12", "WORKDIR /app", "COPY . .", INSTALL, START),
        files=PYTHON,
        roles={"COPY": BOTH},
    ),
    Row(
        id="beside-what-is-built",
        file=("FROM python:3.12", "WORKDIR /app", "COPY requirements.txt .", INSTALL, "COPY . .", START),
        files=PYTHON,
        roles={"COPY req": BUILT, "COPY . .": RUN},
    ),
    Row(
        id="a-manifest-that-the-application-reads",
        file=("FROM python:3.12", "WORKDIR /app", "COPY requirements.txt .", INSTALL, "COPY app.py .", START),
        files={**PYTHON, "app.py": "open('requirements.txt').read()\n"},
        roles={"COPY req": BOTH},
    ),
    Row(
        id="a-manifest-in-a-directory-that-is-there",
        file=(
            "FROM python:3.12",
            "COPY requirements.txt /app/",
            "RUN pip install -r /app/requirements.txt",
            "RUN mkdir -p /app && echo 1 > /app/version",
            "COPY app.py /srv/",
            'CMD ["python", "/srv/app.py"]',
        ),
        files=PYTHON,
        roles={"COPY req": BUILT},
    ),
    Row(
        id="in-a-temporary-place",
        file=(
            "FROM python:3.12",
            "COPY requirements.txt /tmp/",
            "RUN pip install -r /tmp/requirements.txt",
            "COPY app.py /srv/",
            'CMD ["python", "/srv/app.py"]',
        ),
        files=PYTHON,
        roles={"COPY req": BUILT},
    ),
    Row(
        id="deleted-but-used-by-the-final-stage",
        file=(
            "FROM python:3.12",
            "WORKDIR /app",
            "COPY . .",
            INSTALL,
            "RUN cp conf/site.conf /etc/site.conf && rm -r /app/conf",
            START,
        ),
        files=PYTHON,
        roles={"COPY": BOTH, "cp": RUN, "rm": RUN},
    ),
    Row(
        id="an-address-that-only-refreshes-the-cache",
        file=(
            "FROM node:22",
            "WORKDIR /app",
            "ADD https://example.org/version /tmp/version",
            "COPY . .",
            "RUN npm ci",
            'CMD ["node", "index.js"]',
        ),
        files=NODE,
        roles={"ADD": ("build", "cache_key")},
    ),
    Row(
        id="an-unknown-target",
        file=("FROM example.org/base", "COPY app.py conf/", START),
        files=PYTHON,
        roles={"COPY": ("unknown", "target_unknown")},
    ),
    Row(
        id="an-emulator",
        file=(
            "FROM python:3.12",
            "COPY qemu-arm-static /usr/bin/",
            "WORKDIR /app",
            "COPY . .",
            INSTALL,
            START,
        ),
        files={**PYTHON, "qemu-arm-static": ""},
        roles={"COPY qemu": ("both", "emulator")},
    ),
    Row(
        id="a-tool-of-the-build",
        file=(
            "FROM python:3.12",
            "COPY --from=ghcr.io/astral-sh/uv /uv /bin/",
            "WORKDIR /app",
            "COPY . .",
            "RUN uv pip install --system -r requirements.txt",
            START,
        ),
        files=PYTHON,
        roles={"COPY --from": ("build", "called")},
    ),
    Row(
        id="a-tool-that-an-unknown-program-may-start",
        file=(
            "FROM python:3.12",
            "COPY --from=ghcr.io/astral-sh/uv /uv /bin/",
            "WORKDIR /app",
            "COPY . .",
            "RUN uv pip install --system -r requirements.txt",
            START,
        ),
        files={**PYTHON, "app.py": "import subprocess, sys\nsubprocess.run([sys.argv[1]])\n"},
        roles={"COPY --from": ("both", "dynamic")},
    ),
    Row(
        id="a-tool-that-the-final-stage-calls",
        file=(
            "FROM python:3.12",
            "COPY --from=mikefarah/yq /usr/bin/yq /usr/bin/yq",
            "WORKDIR /app",
            "COPY . .",
            INSTALL,
            "RUN yq -i .a=1 /app/conf/site.conf && useradd a",
            START,
        ),
        files=PYTHON,
        roles={"COPY --from": ("both", "late")},
    ),
    Row(
        id="a-tool-that-starts-the-application",
        file=(
            "FROM python:3.12",
            "COPY --from=ghcr.io/astral-sh/uv /uv /bin/",
            "WORKDIR /app",
            "COPY . .",
            "RUN uv pip install --system -r requirements.txt",
            'CMD ["uv", "run", "app.py"]',
        ),
        files=PYTHON,
        roles={"COPY --from": ("both", "started")},
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_copy_rules(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
