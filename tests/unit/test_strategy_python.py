"""Python: what is executed where, and what is copied. Cases that need no golden file of their own."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model import Outcome

FLASK: Mapping[str, str] = {"requirements.txt": "flask==3.0.0\n", "app.py": "import flask\n"}
SITE = "COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages"
VENV = "COPY --from=builder /opt/venv /opt/venv"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile and what has to hold. `final` and `builder`: lines in a stage; `never`: text in none of
    the final stage's lines; `reason`: words of one of the decisions."""

    id: str
    file: str
    files: Mapping[str, str] = field(default_factory=lambda: FLASK)
    kind: str = "rewritten"
    rung: str = "slim"
    builder: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    reason: str = ""


def lines(*text: str) -> str:
    return "\n".join(text) + "\n"


INSTALL = ("COPY requirements.txt .", "RUN pip install -r requirements.txt", "COPY app.py .")
START = 'CMD ["python", "app.py"]'

ROWS = (
    # --- nothing to do, or nothing that is certain ---------------------------------------------------
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
            "RUN apt-get update && apt-get install -y python3-pip && cd /usr/local/bin && ln -s /usr/bin/python3 python && pip3 install wheel",
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
            "RUN apt-get update && apt-get install -y --no-install-recommends python3-dev gcc ca-certificates python3 python3-setuptools && rm -rf /var/lib/apt/lists/*",
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
        final=("RUN apk add --no-cache --virtual .build-deps py3-pip gcc musl-dev python3-dev \\",),
        reason="starts `serve-it`",
    ),
    Row(
        id="an-alpine-that-moves",
        file=lines(
            "FROM alpine:latest",
            "RUN apk add --no-cache python3 py3-pip gcc musl-dev python3-dev",
            *INSTALL,
            'CMD ["python3", "app.py"]',
        ),
        rung="cleanup",
        final=("    && apk del .build-deps",),
        reason="a tag that names the release would do",
    ),
    Row(
        id="pip-of-ubuntus-python-2",
        file=lines(
            "FROM ubuntu:trusty",
            "RUN apt-get update && apt-get install -y python-dev python-pip gcc",
            *INSTALL,
            START,
        ),
        rung="same-base",
        final=(
            "COPY --from=builder /usr/local/lib/python2.7/dist-packages /usr/local/lib/python2.7/dist-packages",
            "COPY --from=builder /usr/local/bin /usr/local/bin",
        ),
    ),
    Row(
        id="a-link-from-python-to-the-distributions-python3",
        file=lines(
            "FROM ubuntu:22.04",
            "RUN apt-get update && apt-get install -y python3-dev python3-pip build-essential && ln -s /usr/bin/python3 /usr/bin/python",
            *INSTALL,
            START,
        ),
        rung="same-base",
        final=(
            "COPY --from=builder /usr/local/lib/python3.10/dist-packages /usr/local/lib/python3.10/dist-packages",
        ),
    ),
    Row(
        id="a-link-from-python-to-another-one",
        file=lines(
            "FROM ubuntu:20.04",
            "RUN apt-get update && apt-get install -y python3.9 python3-pip build-essential && ln -s /usr/bin/python3.9 /usr/bin/python",
            *INSTALL,
            START,
        ),
        rung="cleanup",
        reason="is not known",
    ),
    Row(
        id="slim-without-caches",
        file=lines(
            "FROM python:3.12-slim",
            "COPY requirements.txt .",
            "RUN pip install --no-cache-dir -r requirements.txt",
            START,
        ),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="alpine-that-removes-its-compiler",
        file=lines(
            "FROM alpine:3.20",
            "COPY requirements.txt .",
            "RUN apk add --no-cache python3 py3-pip && apk add --no-cache --virtual .build gcc musl-dev python3-dev "
            "&& pip3 install --no-cache-dir -r requirements.txt && apk del .build",
            'CMD ["python3", "app.py"]',
        ),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="a-server-without-files-of-unusual-types",
        file=lines("FROM python:3.11", *INSTALL, "COPY static static", START),
        files={**FLASK, "app.py": "import flask\n", "static/site.css": "", "static/logo.png": ""},
        never=("mime.types",),
    ),
    Row(
        id="a-server-that-tells-fonts-by-the-table-of-the-full-image",
        file=lines("FROM python:3.11", *INSTALL, "COPY static static", START),
        files={**FLASK, "app.py": "import flask\n", "static/text.woff2": ""},
        final=("COPY --from=builder /etc/mime.types /etc/mime.types",),
        reason="static/text.woff2",
    ),
    Row(
        id="a-server-that-tells-scripts-by-the-table-of-the-full-image",
        file=lines("FROM python:3.11-bookworm", *INSTALL, "COPY static static", START),
        files={**FLASK, "app.py": "import flask\n", "static/menu.js": ""},
        final=("COPY --from=builder /etc/mime.types /etc/mime.types",),
        reason="static/menu.js",
    ),
    Row(
        id="a-server-whose-python-gives-scripts-the-type-of-the-table",
        file=lines("FROM python:3.12-bookworm", *INSTALL, "COPY static static", START),
        files={**FLASK, "app.py": "import flask\n", "static/menu.js": ""},
        never=("mime.types",),
    ),
    Row(
        id="a-table-as-old-as-the-types-of-python",
        file=lines("FROM python:3.9-bullseye", *INSTALL, "COPY static static", START),
        files={**FLASK, "app.py": "import flask\n", "static/menu.js": ""},
        never=("mime.types",),
    ),
    Row(
        id="a-list-exported-for-pip",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN pip install poetry && poetry export -f requirements.txt -o requirements.txt",
            "RUN pip install -r requirements.txt",
            "COPY app.py .",
            'CMD ["python", "app.py"]',
        ),
        files={"pyproject.toml": "", "poetry.lock": "", "app.py": ""},
        rung="slim",
        final=("COPY --from=builder /app/requirements.txt /app/requirements.txt",),
        never=("RUN poetry",),
    ),
    Row(
        id="a-list-redirected-for-pip",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY Pipfile Pipfile.lock ./",
            "RUN pip install pipenv && pipenv requirements > requirements.txt",
            "RUN pip install -r requirements.txt",
            "COPY app.py .",
            'CMD ["python", "app.py"]',
        ),
        files={"Pipfile": "", "Pipfile.lock": "{}", "app.py": ""},
        rung="slim",
        final=("COPY --from=builder /app/requirements.txt /app/requirements.txt",),
        never=("RUN pipenv",),
    ),
    Row(
        id="pipenv-that-clears-up-behind-itself",
        file=lines(
            "FROM alpine:3.20",
            "RUN apk add --no-cache python3 pipenv",
            "COPY Pipfile.lock .",
            "RUN pipenv install --system --deploy --clear",
            "COPY app.py .",
            'CMD ["python3", "app.py"]',
        ),
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="pipenv-started-with-the-image-keeps-its-cache",
        file=lines(
            "FROM alpine:3.20",
            "RUN apk add --no-cache python3 pipenv",
            "COPY Pipfile Pipfile.lock ./",
            "RUN pipenv install --system --deploy",
            "COPY app.py .",
            "CMD pipenv sync --system && python3 app.py",
        ),
        files={"Pipfile": "", "Pipfile.lock": "{}", "app.py": ""},
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="pipenv-leaves-its-downloads",
        file=lines(
            "FROM alpine:3.20",
            "RUN apk add --no-cache python3 pipenv",
            "COPY Pipfile Pipfile.lock ./",
            "RUN pipenv install --system --deploy",
            "COPY app.py .",
            'CMD ["python3", "app.py"]',
        ),
        files={"Pipfile": "", "Pipfile.lock": "{}", "app.py": ""},
        rung="cleanup",
        final=("RUN pipenv install --system --deploy && rm -rf /root/.cache/pipenv /root/.cache/pip",),
        reason="would save no more than cleaning up",
    ),
    Row(
        id="only-a-cache-is-left-in-place",
        file=lines("FROM python:3.11-slim", *INSTALL, START),
        rung="cleanup",
        final=("RUN pip install --no-cache-dir -r requirements.txt",),
    ),
    Row(
        id="another-python-than-the-release-brings",
        file=lines(
            "FROM ubuntu:22.04",
            "RUN apt-get update && apt-get install -y python3.12 python3.12-dev gcc curl",
            "RUN curl -sS https://bootstrap.pypa.io/get-pip.py | python3.12",
            "COPY requirements.txt .",
            "RUN python3.12 -m pip install -r requirements.txt",
            'CMD ["python3.12", "app.py"]',
        ),
        rung="cleanup",
        reason="is not known",
    ),
    Row(
        id="python3-is-switched-to-another-version",
        file=lines(
            "FROM ubuntu:20.04",
            "RUN apt-get update && apt-get install -y python3.9 python3-pip gcc",
            "RUN update-alternatives --install /usr/bin/python3 python3 /usr/bin/python3.9 1",
            "RUN python3 -m pip install flask",
            'CMD ["python3", "app.py"]',
        ),
        rung="cleanup",
        reason="is not known",
    ),
    Row(
        id="debians-python-in-a-python-image",
        file=lines(
            "FROM python:3.11",
            "RUN /usr/bin/python3 -m pip install flask",
            'CMD ["/usr/bin/python3", "app.py"]',
        ),
        kind="unchanged",
        rung="unchanged",
        reason="is not known",
    ),
    Row(
        id="uv-downloads-a-python",
        file=lines(
            "FROM python:3.12",
            "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv",
            "WORKDIR /app",
            "COPY . .",
            "RUN uv sync --frozen",
            'CMD ["/app/.venv/bin/python", "app.py"]',
        ),
        files={
            "pyproject.toml": '[project]\nname="x"\nversion="1"\nrequires-python=">=3.13"\n',
            "uv.lock": "",
        },
        kind="unchanged",
        rung="unchanged",
        reason="uv may download Python 3.13",
    ),
    Row(
        id="a-manifest-that-makes-the-directory-of-a-later-file",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt /app/",
            "RUN pip install --no-cache-dir -r /app/requirements.txt",
            "RUN touch /app/people.db",
            "COPY app.py /app/",
            'CMD ["python", "/app/app.py"]',
        ),
        final=("COPY requirements.txt /app/", "RUN touch /app/people.db"),
    ),
    Row(
        id="a-step-that-makes-the-directory-itself-needs-no-manifest",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt /app/",
            "RUN pip install --no-cache-dir -r /app/requirements.txt",
            "RUN mkdir -p /app/data && touch /app/data/people.db",
            "COPY app.py /app/",
            'CMD ["python", "/app/app.py"]',
        ),
        final=("RUN mkdir -p /app/data && touch /app/data/people.db",),
        never=("requirements.txt",),
    ),
    Row(
        id="a-manifest-is-deleted-where-it-is-read",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY requirements.txt /app/",
            "RUN pip install --no-cache-dir -r requirements.txt && rm -f requirements.txt",
            "COPY app.py .",
            START,
        ),
        builder=("RUN pip install --no-cache-dir -r requirements.txt && rm -f requirements.txt",),
        final=(SITE,),
        never=("rm -f", "requirements.txt"),
    ),
    # --- a moving tag ----------------------------------------------------------------------------------
    Row(
        id="moving-tag-gets-a-virtual-environment",
        file=lines("FROM python:3", *INSTALL, START),
        builder=("RUN python -m venv /opt/venv", 'ENV PATH="/opt/venv/bin:$PATH"'),
        final=(VENV, 'ENV PATH="/opt/venv/bin:$PATH"'),
        never=("site-packages",),
    ),
    Row(
        id="version-from-a-build-argument",
        file=lines("ARG VERSION=3.11", "FROM python:${VERSION}", *INSTALL, START),
        final=(VENV,),
        never=("python3.11",),
    ),
    Row(
        id="moving-tag-and-cron-that-goes-by-its-own-path",
        file=lines(
            "FROM python:3", *INSTALL, "RUN apt-get update && apt-get install -y cron", 'CMD ["cron", "-f"]'
        ),
        kind="unchanged",
        rung="unchanged",
        reason="does not go by PATH",
    ),
    Row(
        id="moving-tag-and-a-script-that-names-the-interpreter",
        file=lines("FROM python:3", *INSTALL, "COPY run.sh .", 'CMD ["sh", "run.sh"]'),
        files={**FLASK, "run.sh": "exec /usr/local/bin/python app.py\n"},
        kind="unchanged",
        rung="unchanged",
        reason="run.sh names the interpreter",
    ),
    Row(
        id="an-environment-of-the-users-own-in-opt-venv",
        file=lines(
            "FROM python:3", "RUN python -m venv /opt/venv", 'ENV PATH="/opt/venv/bin:$PATH"', *INSTALL, START
        ),
        final=(VENV, 'ENV PATH="/opt/venv/bin:$PATH"'),
    ),
    # --- what the final stage installs -------------------------------------------------------------------
    Row(
        id="lists-are-fetched-for-the-counterpart",
        file=lines(
            "FROM python:3.11-slim",
            "RUN apt-get update",
            "RUN apt-get install -y gcc libpq-dev",
            "RUN pip install psycopg2",
            START,
        ),
        rung="same-base",
        final=(
            "RUN apt-get update \\",
            "    && apt-get install -y libpq5 \\",
            "    && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="a-program-of-the-context-that-starts-git",
        file=lines("FROM python:3.11", "WORKDIR /app", *INSTALL, "COPY gh .", START),
        files={**FLASK, "gh": "", "app.py": "import os\nos.system('./gh repo clone a/b')\n"},
        final=("    && apt-get install -y --no-install-recommends git \\",),
    ),
    Row(
        id="what-is-put-back-goes-with-the-users-own-install",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext",
            *INSTALL,
            START,
        ),
        files={**FLASK, "app.py": "import subprocess\nsubprocess.run(['git', 'fetch'])\n"},
        final=(
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext git && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="not-where-that-brings-recommended-packages-along",
        file=lines("FROM python:3.11", "RUN apt-get update && apt-get install -y gettext", *INSTALL, START),
        files={**FLASK, "app.py": "import subprocess\nsubprocess.run(['git', 'fetch'])\n"},
        final=(
            "    && apt-get install -y --no-install-recommends git \\",
            "RUN apt-get update && apt-get install -y gettext && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="lists-in-a-layer-of-their-own",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update",
            "RUN apt-get install -y gettext",
            "RUN apt-get install -y libpq-dev",
            *INSTALL,
            START,
        ),
        final=(
            "RUN apt-get update \\",
            "    && apt-get install -y gettext \\",
            "    && apt-get install -y libpq5 \\",
            "    && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="a-development-server-that-a-compose-file-starts",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={
            **FLASK,
            "manage.py": "",
            "compose.yaml": "services:\n  web:\n    build: .\n    command: python manage.py runserver\n",
        },
        reason="`manage.py runserver`, which compose.yaml:4 starts, is a development server",
    ),
    Row(
        id="a-counterpart-is-installed-once",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y libpq-dev && rm -rf /var/lib/apt/lists/*",
            "RUN pip install psycopg2==2.9.9",
            START,
        ),
        final=("RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*",),
        never=("--no-install-recommends",),
    ),
    Row(
        id="names-out-of-variables",
        file=lines(
            "FROM python:3.11-slim",
            'ENV BUILD="gcc libpq-dev" RUN="libpq5 curl"',
            "RUN apt-get update && apt-get install -y $BUILD $RUN",
            "RUN pip install psycopg2 && apt-get purge -y $BUILD",
            START,
        ),
        rung="same-base",
        final=("    && apt-get install -y libpq5 curl \\",),
    ),
    Row(
        id="a-tool-that-a-final-step-calls",
        file=lines(
            "FROM python:3.11-slim",
            "RUN apt-get update && apt-get install -y gcc curl gnupg "
            "&& curl -fsSL https://packages.example.com/key | apt-key add - && rm -rf /var/lib/apt/lists/*",
            "RUN apt-get update && apt-get install -y redis-tools && rm -rf /var/lib/apt/lists/*",
            *INSTALL,
            'CMD ["redis-cli"]',
        ),
        rung="same-base",
        final=(
            "RUN apt-get update && apt-get install -y curl gnupg "
            "&& curl -fsSL https://packages.example.com/key | apt-key add - && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="git-goes-through-a-function-of-the-application",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "COPY *.py ./",
            START,
        ),
        files={
            **FLASK,
            "shell.py": "import subprocess\ndef execute(command):\n    return subprocess.check_output(command)\n",
            "sync.py": "from shell import execute\ncommand = ['git', 'clone']\nexecute([*command, 'x'])\n",
        },
        final=("    && apt-get install -y --no-install-recommends git \\",),
        reason="sync.py:2 needs it",
    ),
    Row(
        id="a-list-where-every-program-is-known",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "COPY *.py ./",
            START,
        ),
        files={
            **FLASK,
            "sync.py": "import subprocess\nkinds = ['git', 'hg']\nsubprocess.run(['id', '-u'])\n",
        },
        never=("apt-get",),
    ),
    Row(
        id="pip-of-the-distribution-is-for-the-build",
        file=lines(
            "FROM debian:bookworm-slim",
            "RUN apt-get update && apt-get install -y python3-pip gcc python3-dev && rm -rf /var/lib/apt/lists/*",
            "RUN pip3 install --break-system-packages flask",
            'CMD ["python3", "app.py"]',
        ),
        rung="same-base",
        final=(
            "RUN apt-get update && apt-get install -y ca-certificates python3 python3-setuptools "
            "&& rm -rf /var/lib/apt/lists/*",
            "COPY --from=builder /usr/local/lib/python3.11/dist-packages /usr/local/lib/python3.11/dist-packages",
        ),
        never=("python3-pip", "gcc"),
    ),
    Row(
        id="pip-that-is-started",
        file=lines(
            "FROM debian:bookworm-slim",
            "RUN apt-get update && apt-get install -y python3-pip gcc python3-dev && rm -rf /var/lib/apt/lists/*",
            "RUN pip3 install --break-system-packages flask",
            'CMD ["sh", "-c", "pip3 list --outdated; python3 app.py"]',
        ),
        rung="same-base",
        final=(
            "RUN apt-get update && apt-get install -y python3-pip python3 && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="python-2-of-the-distribution",
        file=lines(
            "FROM ubuntu:18.04",
            "RUN apt-get update && apt-get install -y python python-pip python-dev build-essential",
            "RUN pip install flask",
            'CMD ["python", "app.py"]',
        ),
        rung="same-base",
        final=(
            "COPY --from=builder /usr/local/lib/python2.7/dist-packages /usr/local/lib/python2.7/dist-packages",
        ),
    ),
    # --- what is copied ------------------------------------------------------------------------------------
    Row(
        id="an-archive-beside-the-sources-does-not-come-back",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /srv/shop",
            "COPY . .",
            "RUN pip install -r requirements.txt",
            "RUN mkdir static && tar -xzf theme.tar.gz -C static && rm theme.tar.gz",
            START,
        ),
        final=("COPY --from=builder /srv/shop /srv/shop", SITE),
        never=("COPY . .",),
    ),
    Row(
        id="installers-alone-in-site-packages",
        file=lines(
            "FROM python:3.11",
            "ENV POETRY_VIRTUALENVS_IN_PROJECT=true",
            "RUN pip install poetry",
            "WORKDIR /app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry install --no-root",
            "COPY . .",
            'CMD ["/app/.venv/bin/python", "app.py"]',
        ),
        files={"pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n', "poetry.lock": "", "app.py": ""},
        final=("COPY --from=builder /app/.venv /app/.venv",),
        never=("site-packages", "poetry install"),
    ),
    Row(
        id="poetry-that-is-started",
        file=lines(
            "FROM python:3.11",
            "ENV POETRY_VIRTUALENVS_IN_PROJECT=true",
            "RUN pip install poetry",
            "WORKDIR /app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry install --no-root",
            "COPY . .",
            'CMD ["poetry", "run", "python", "app.py"]',
        ),
        files={"pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n', "poetry.lock": "", "app.py": ""},
        final=("COPY --from=builder /app/.venv /app/.venv", SITE),
    ),
    Row(
        id="poetry-that-nobody-says-who-calls",
        file=lines(
            "FROM python:3.11",
            "ENV POETRY_VIRTUALENVS_IN_PROJECT=true",
            "RUN pip install poetry",
            "WORKDIR /app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry install --no-root",
            "COPY . .",
        ),
        files={"pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n', "poetry.lock": "", "app.py": ""},
        final=("COPY --from=builder /app/.venv /app/.venv", SITE),
    ),
    Row(
        id="poetry-that-a-mounted-script-calls",
        file=lines(
            "FROM python:3.11",
            "ENV POETRY_VIRTUALENVS_PATH=/envs",
            "RUN pip install poetry",
            "WORKDIR /app",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry install --no-root",
        ),
        files={
            "pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n',
            "poetry.lock": "",
            "dev/up.sh": "#!/bin/sh\npoetry run python app.py\n",
            "compose.yaml": "services:\n  web:\n    build: .\n    command: /app/dev/up.sh\n    volumes: ['.:/app']\n",
        },
        final=("COPY pyproject.toml poetry.lock ./", SITE),
    ),
    Row(
        id="uv-that-is-started-reads-the-project",
        file=lines(
            "FROM python:3.11",
            "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv",
            "WORKDIR /app",
            "COPY pyproject.toml uv.lock ./",
            "RUN uv sync --frozen",
            "COPY src src",
            'CMD ["uv", "run", "src/app.py"]',
        ),
        files={
            "pyproject.toml": '[project]\nname="x"\nversion="1"\nrequires-python=">=3.11"\n',
            "uv.lock": "",
            "src/app.py": "",
        },
        final=("COPY pyproject.toml uv.lock ./", "COPY src src"),
    ),
    Row(
        id="what-the-start-installs-may-be-compiled",
        file=lines("FROM python:3.11", "COPY . .", "CMD pip install -r requirements.txt && python app.py"),
        kind="refused",
        rung="unchanged",
        reason="`pip install` is run whenever the image starts",
    ),
    Row(
        id="what-the-start-installs-again-is-there",
        file=lines("FROM python:3.11", *INSTALL, "CMD pip install -r requirements.txt && python app.py"),
        final=(SITE, "COPY requirements.txt ."),
    ),
    Row(
        id="poetrys-own-installer",
        file=lines(
            "FROM python:3.11",
            "ENV PATH=/root/.local/bin:$PATH",
            "RUN curl -sSL https://install.python-poetry.org | python3 -",
            "RUN poetry config virtualenvs.create false",
            "COPY pyproject.toml poetry.lock ./",
            "RUN poetry install --no-root",
            START,
        ),
        files={"pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n', "poetry.lock": ""},
        final=(SITE,),
        never=("COPY --from=builder /root",),
    ),
    Row(
        id="a-tool-out-of-another-image",
        file=lines(
            "FROM python:3.11",
            "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv",
            "WORKDIR /app",
            "COPY pyproject.toml uv.lock ./",
            "RUN uv sync --frozen",
            'CMD ["/app/.venv/bin/python", "app.py"]',
        ),
        files={
            "pyproject.toml": '[project]\nname="x"\nversion="1"\nrequires-python=">=3.11"\n',
            "uv.lock": "",
        },
        builder=("COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv",),
        never=("astral-sh",),
    ),
    Row(
        id="tests-have-their-files",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            "COPY . .",
            "RUN python -m pytest tests",
            START,
        ),
        builder=("COPY . .", "RUN python -m pytest tests"),
        final=("COPY . .",),
        never=("pytest",),
    ),
    Row(
        id="a-front-end-without-its-packages",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y nodejs npm",
            "WORKDIR /app",
            *INSTALL,
            "COPY web web",
            "RUN cd web && npm install && npm run build",
            START,
        ),
        files={**FLASK, "web/package.json": '{"scripts": {"build": "webpack"}}'},
        final=("COPY --from=builder /app/web /app/web",),
        never=("nodejs",),
        reason="/app/web/node_modules is not copied",
    ),
    Row(
        id="a-front-end-whose-packages-are-served",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y nodejs npm",
            "WORKDIR /app",
            *INSTALL,
            "COPY web web",
            "COPY settings.py .",
            "RUN cd web && npm install && npm run build",
            START,
        ),
        files={
            **FLASK,
            "web/package.json": '{"scripts": {"build": "webpack"}}',
            "settings.py": 'STATIC = ["web/node_modules"]\n',
        },
        final=("COPY --from=builder /app/web /app/web",),
        never=("rm -rf /app/web",),
    ),
    Row(
        id="browsers-are-downloaded-where-they-run",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt && playwright install --with-deps chromium",
            START,
        ),
        builder=("RUN pip install -r requirements.txt",),
        final=(SITE, "RUN playwright install --with-deps chromium && rm -rf /var/lib/apt/lists/*"),
    ),
    Row(
        id="the-program-of-an-installed-package",
        file=lines(
            "FROM python:3.11", "WORKDIR /app", *INSTALL, "COPY docs docs", "RUN zensical build", START
        ),
        files={**FLASK, "requirements.txt": "zensical==0.1\n", "docs/index.md": "x"},
        final=(SITE, "RUN zensical build"),
    ),
    # --- what is removed from the directories that are copied ------------------------------------------
    Row(
        id="the-bases-own-packages-go-before-those-of-the-builder-come",
        file=lines(
            "FROM python:3.11",
            "RUN rm -r /usr/local/lib/python3.*/site-packages/setuptools* && pip install -U setuptools",
            *INSTALL,
            START,
        ),
        final=(f"RUN rm -r /usr/local/lib/python3.*/site-packages/setuptools*\n{SITE}",),
    ),
    Row(
        id="packages-removed-between-two-installs",
        file=lines(
            "FROM python:3.11",
            *INSTALL,
            "RUN rm -r /usr/local/lib/python3.11/site-packages/setuptools* && pip install -U setuptools",
            START,
        ),
        final=(SITE,),
        never=("rm -r",),
    ),
    Row(
        id="tests-removed-from-what-was-installed",
        file=lines(
            "FROM python:3.11",
            *INSTALL,
            "RUN rm -r /usr/local/lib/python3.11/site-packages/flask/tests",
            START,
        ),
        builder=("    && rm -r /usr/local/lib/python3.11/site-packages/flask/tests",),
        final=(SITE,),
        never=("rm -r",),
    ),
    Row(
        id="pip-removed-for-good",
        file=lines(
            "FROM python:3.11", *INSTALL, "RUN rm -r /usr/local/lib/python3.11/site-packages/pip*", START
        ),
        final=(SITE, "RUN rm -r /usr/local/lib/python3.11/site-packages/pip*"),
    ),
    Row(
        id="an-environment-some-of-which-find-deletes",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt .",
            "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt",
            "RUN find /opt/venv -name tests -exec rm -rf {} +",
            "COPY app.py .",
            'CMD ["/opt/venv/bin/python", "app.py"]',
        ),
        final=(VENV,),
        never=("find",),
    ),
    Row(
        id="an-environment-beside-which-find-deletes-bytecode",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY . .",
            "RUN python -m venv .venv && .venv/bin/pip install -r requirements.txt"
            " && find /app -name '*.pyc' -delete",
            'CMD [".venv/bin/python", "app.py"]',
        ),
        final=("COPY --from=builder /app/.venv /app/.venv",),
    ),
    Row(
        id="a-python-that-is-not-in-usr-local",
        file=lines(
            "FROM bitnami/python:3.7-prod",
            "RUN apt-get update && apt-get install -y gcc libc-dev && rm -rf /var/lib/apt/lists/*",
            "WORKDIR /app",
            *INSTALL,
            START,
        ),
        rung="same-base",
        final=tuple(
            f"COPY --from=builder {place} {place}"
            for place in ("/opt/bitnami/python/lib/python3.7/site-packages", "/opt/bitnami/python/bin")
        ),
    ),
)


def rewritten(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    (directory / "Dockerfile").write_text(row.file)
    return pipeline.rewrite(row.file.encode(), name="Dockerfile", context=directory, options=Options())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    outcome = rewritten(row, tmp_path)
    text = outcome.after or ""
    assert (outcome.kind, outcome.rung) == (row.kind, row.rung), (text, outcome.decisions)
    head, _, tail = text.rpartition("\nFROM ")
    builder = head.splitlines()
    assert set(row.builder) <= set(builder), text
    assert [line for line in row.final if f"\n{line}\n" not in f"\n{tail or text}\n"] == [], text
    assert [word for word in row.never if word in tail] == [], text
    assert any(row.reason in decision.text for decision in outcome.decisions) or not row.reason, (
        outcome.decisions
    )


@pytest.mark.parametrize("row", [r for r in ROWS if r.kind == "rewritten"], ids=lambda row: row.id)
def test_no_line_of_the_final_stage_is_there_twice(row: Row, tmp_path: Path) -> None:
    text = rewritten(row, tmp_path).after or ""
    final = [
        line for line in text.rpartition("\nFROM ")[2].splitlines() if line.startswith(("COPY", "RUN", "ENV"))
    ]
    assert len(final) == len(set(final))
