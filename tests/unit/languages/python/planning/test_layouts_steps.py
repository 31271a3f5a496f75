"""Python: which steps the final stage executes. Cases that need no golden file of their own."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from unit.python_layouts import FLASK, INSTALL, SITE, STAGES, START, Row, holds, lines

from slimify import pipeline

APT = "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists/*"

ROWS = (
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
        reason="use a tag that names the release",
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
        reason="is unknown",
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
        id="a-program-that-asks-the-table-for-files-of-others",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={**FLASK, "app.py": "import flask, mimetypes\n"},
        final=("COPY --from=builder /etc/mime.types /etc/mime.types",),
        reason="`mimetypes` looks media types up there",
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
        id="a-table-that-headers-bring-to-a-slim-image",
        rung="same-base",
        file=lines(
            "FROM python:3.11-slim", APT.format("gcc python3-dev"), *INSTALL, "COPY static static", START
        ),
        files={**FLASK, "app.py": "import flask\n", "static/text.woff2": ""},
        final=(APT.format("media-types"),),
    ),
    Row(
        id="headers-without-the-table",
        rung="same-base",
        file=lines(
            "FROM python:3.11-slim", APT.format("gcc libpq-dev"), *INSTALL, "COPY static static", START
        ),
        files={**FLASK, "app.py": "import flask\n", "static/text.woff2": ""},
        never=("media-types",),
    ),
    Row(
        id="what-is-compiled-with-headers-that-come-along",
        rung="same-base",
        file=lines(
            "FROM python:3.11-slim",
            APT.format("gcc python3-dev"),
            *INSTALL,
            'CMD ["uwsgi", "--module", "app"]',
        ),
        files={**FLASK, "requirements.txt": "uwsgi\n", "app.py": "import flask\n"},
        final=(APT.format("libexpat1"),),
    ),
    *(
        Row(
            id=f"a-project-above-the-directory-of-{tool}",
            file=lines(
                "FROM python:3.11",
                f"RUN pip install {tool}",
                "WORKDIR /app",
                *steps,
                "COPY api api",
                "WORKDIR /app/api",
                f'CMD ["{tool}", "run", {more}"python", "app.py"]',
            ),
            files={manifest: "", "uv.lock": "", "api/app.py": "import os\n"},
            final=(last,),
        )
        for tool, manifest, more, steps, last in (
            ("pipenv", "Pipfile", "", ("COPY Pipfile .", "RUN pipenv install --system"), "COPY Pipfile ."),
            (
                "uv",
                "pyproject.toml",
                '"--no-sync", ',
                ("COPY pyproject.toml uv.lock ./", "RUN uv sync --frozen"),
                "COPY pyproject.toml uv.lock ./",
            ),
        )
    ),
    Row(
        id="a-list-that-the-context-lacks",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={"app.py": "import flask\n"},
        kind="unchanged",
        rung="unchanged",
        reason="requirements.txt, which lists them, is not in the build context",
    ),
    Row(
        id="a-list-that-another-stage-exports",
        file=lines(
            "FROM python:3.11 AS lists",
            "COPY pyproject.toml poetry.lock /tmp/",
            "RUN pip install poetry && cd /tmp && poetry export -o requirements.txt",
            "",
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY --from=lists /tmp/requirements.txt /requirements.txt",
            "RUN pip install -r /requirements.txt",
            "COPY . .",
            START,
        ),
        files={
            "app.py": "import flask\n",
            "pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npsycopg2 = "2.9.3"\n',
            "poetry.lock": '[[package]]\nname = "psycopg2"\nversion = "2.9.3"\n',
        },
        rung="slim",
        reason="`libpq5` is restored: pyproject.toml:4 needs it",
    ),
    Row(
        id="a-list-that-a-step-makes",
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "RUN curl -o requirements.txt https://example.com/list",
            "RUN pip install -r requirements.txt",
            "COPY app.py .",
            START,
        ),
        files={"app.py": "import flask\n"},
        kind="unchanged",
        rung="unchanged",
        reason="requirements.txt, which lists them, is not in the build context",
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
        id="an-installed-file-is-downloaded-where-it-is-installed",
        file=lines(
            "FROM python:3.11",
            "RUN wget -O /tmp/y.deb https://example.org/y.deb",
            "RUN apt-get update && apt-get install -y /tmp/y.deb && rm -rf /var/lib/apt/lists/*",
            *INSTALL,
            START,
        ),
        final=("RUN wget -O /tmp/y.deb https://example.org/y.deb",),
        never=("COPY --from=builder /tmp",),
    ),
    Row(
        id="a-key-is-downloaded-where-it-is-added",
        file=lines(
            "FROM python:3.11",
            "RUN curl -fsSL https://example.org/k.asc -o /tmp/k.asc",
            'RUN apt-key add /tmp/k.asc && echo "deb https://example.org a b" > /etc/apt/sources.list.d/x.list',
            "RUN apt-get update && apt-get install -y acme && rm -rf /var/lib/apt/lists/*",
            *INSTALL,
            START,
        ),
        final=("RUN curl -fsSL https://example.org/k.asc -o /tmp/k.asc",),
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
        reason="would save nothing",
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
        reason="is unknown",
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
        reason="is unknown",
    ),
    Row(
        id="debians-python-in-a-python-image",
        file=lines(
            "FROM python:3.11",
            "RUN /usr/bin/python3 -m pip install flask",
            "COPY app.py .",
            'CMD ["/usr/bin/python3", "app.py"]',
        ),
        kind="unchanged",
        rung="unchanged",
        reason="is unknown",
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
            "app.py": "",
        },
        kind="unchanged",
        rung="unchanged",
        reason="uv may download Python 3.13",
    ),
    Row(
        id="the-directory-of-a-later-file-that-a-manifest-made",
        file=lines(
            "FROM python:3.11",
            "COPY requirements.txt /app/",
            "RUN pip install --no-cache-dir -r /app/requirements.txt",
            "RUN touch /app/people.db",
            "COPY app.py /app/",
            'CMD ["python", "/app/app.py"]',
        ),
        final=("RUN mkdir -p /app && touch /app/people.db",),
        never=("requirements.txt",),
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
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


@pytest.mark.parametrize(
    ("change", "once"),
    [("RUN chown -R 7 /app", True), ("RUN useradd u && chown -R u /app /home", False)],
    ids=["the builder changes the owner", "the final stage changes it"],
)
def test_what_is_stored_once(tmp_path: Path, change: str, once: bool) -> None:
    """A final stage that changes the owner of what it copies stores that again."""
    venv = "RUN python -m venv .venv && .venv/bin/pip install -r requirements.txt"
    file = lines(
        "FROM python:3.11", "WORKDIR /app", "COPY requirements.txt .", venv, "COPY app.py .", change, START
    )
    for name, text in {**FLASK, "Dockerfile": file}.items():
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(file.encode(), name="Dockerfile", context=tmp_path, options=STAGES)
    assert outcome.kind == "rewritten"
    assert any("stored once" in decision.text for decision in outcome.decisions) is once, outcome.after
