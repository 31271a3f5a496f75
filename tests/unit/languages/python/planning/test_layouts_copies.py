"""Python: what is copied into the final stage, and taken out of it. Cases that need no golden file."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from unit.python_layouts import FLASK, INSTALL, SITE, START, VENV, Row, holds, lines

UV = ("FROM python:3.12", "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/")
PROJECT = '[project]\nname = "x"\nversion = "1"\n'
OWN_VENV = "COPY --from=builder /app/.venv /app/.venv"
POETRY = '[tool.poetry]\nname="x"\nversion="1"\npackage-mode=false\n'
WORKSPACE = "[tool.uv.workspace]\nmembers = [{}]\nexclude = [{}]\n"
MEMBER = {"a/pyproject.toml": PROJECT}
ROWS = (
    # --- what is copied ----------------------------------------------------------------------------------
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
        id="lock-that-uv-makes",
        file=lines(*UV, "WORKDIR /app", "COPY . .", "RUN uv sync", 'CMD ["uv", "run", "app.py"]'),
        files={"pyproject.toml": PROJECT, "app.py": ""},
        final=("COPY --from=builder /app/uv.lock /app/uv.lock",),
    ),
    Row(
        id="lock-of-the-context",
        file=lines(*UV, "WORKDIR /app", "COPY . .", "RUN uv sync", 'CMD ["uv", "run", "app.py"]'),
        files={"pyproject.toml": PROJECT, "app.py": "", "uv.lock": ""},
        final=("COPY --from=builder /app/.venv /app/.venv",),
        never=("builder /app/uv.lock",),
    ),
    Row(
        id="lock-of-a-workspace-above",
        file=lines(
            *UV, "WORKDIR /app", "COPY . .", "WORKDIR /app/a", "RUN uv sync", 'CMD ["uv", "run", "app.py"]'
        ),
        files={"pyproject.toml": PROJECT, "a/pyproject.toml": PROJECT, "a/app.py": ""},
        never=("builder /app/a/uv.lock",),
    ),
    *(
        Row(
            id=name,
            file=lines(
                *UV,
                "WORKDIR /app",
                "COPY . .",
                "WORKDIR /app/a",
                "RUN uv sync",
                f'CMD ["{place}/bin/python", "/app/app.py"]',
            ),
            files={"pyproject.toml": PROJECT + workspace, "uv.lock": "", "app.py": "", **files},
            final=(f"COPY --from=builder {place} {place}",),
        )
        for name, workspace, files, place in (
            ("environment-of-a-project-above", "", {"a/b.py": ""}, "/app/.venv"),
            ("environment-of-a-workspace-above", WORKSPACE.format('"*"', ""), MEMBER, "/app/.venv"),
            ("project-that-is-no-member", WORKSPACE.format('"b"', ""), MEMBER, "/app/a/.venv"),
            ("project-that-the-workspace-excludes", WORKSPACE.format('"*"', '"a"'), MEMBER, "/app/a/.venv"),
        )
    ),
    *(
        Row(
            id=f"environment-of-{tool}-in-the-project-{'above' if above else 'here'}",
            file=lines(
                "FROM python:3.12",
                f"RUN pip install {tool}",
                *env,
                "WORKDIR /app",
                "COPY . .",
                "WORKDIR /app/a",
                f"RUN {tool} install",
                f'CMD ["{place}/.venv/bin/python", "/app/app.py"]',
            ),
            files={
                "app.py": "",
                "a/b.py": "",
                **project,
                **({} if above else {f"a/{n}": t for n, t in project.items()}),
            },
            final=(f"COPY --from=builder {place}/.venv {place}/.venv",),
        )
        for above, place in ((False, "/app/a"), (True, "/app"))
        for tool, env, project in (
            (
                "poetry",
                ("ENV POETRY_VIRTUALENVS_IN_PROJECT=true",),
                {"pyproject.toml": POETRY, "poetry.lock": ""},
            ),
            ("pipenv", ("ENV PIPENV_VENV_IN_PROJECT=1",), {"Pipfile": "", "Pipfile.lock": "{}"}),
            ("pdm", (), {"pyproject.toml": PROJECT, "pdm.lock": ""}),
        )
    ),
    *(
        Row(
            id=f"environment-that-{name}",
            file=lines(
                *UV,
                "WORKDIR /app",
                "COPY pyproject.toml uv.lock ./",
                "RUN uv sync --no-install-project",
                "COPY . /app",
                *more,
                'CMD [".venv/bin/python", "app.py"]',
            ),
            files={"pyproject.toml": PROJECT, "uv.lock": "", "app.py": "", **files},
            final=("\n".join(copies),),
        )
        for name, more, files, copies in (
            ("sources-may-hide-in-both-files", (), {}, (OWN_VENV, "COPY . /app")),
            (
                "docker-does-not-get",
                ("RUN uv sync",),
                {".dockerignore": ".venv\n"},
                (OWN_VENV, "COPY . /app"),
            ),
            ("is-made-anew-behind-the-sources", ("RUN uv sync",), {}, ("COPY . /app", OWN_VENV)),
        )
    ),
    Row(
        id="lock-that-nothing-reads",
        file=lines(*UV, "WORKDIR /app", "COPY . .", "RUN uv sync", 'CMD [".venv/bin/python", "app.py"]'),
        files={"pyproject.toml": PROJECT, "app.py": ""},
        never=("builder /app/uv.lock",),
    ),
    Row(
        id="packages-that-a-later-step-removes",
        rung="same-base",
        file=lines(
            "FROM python:3.11-slim",
            "RUN apt-get update && apt-get install -y build-essential libpq-dev curl",
            "COPY . .",
            "RUN pip install -r requirements.txt",
            "RUN apt-get remove -y build-essential libpq-dev && rm -rf /var/lib/apt/lists/*",
            'CMD ["python", "app.py"]',
        ),
        files={
            "requirements.txt": "psycopg2\n",
            "app.py": "import subprocess, sys\nsubprocess.run(sys.argv[1])\n",
            "tools.json": '["build-essential"]',
        },
        final=("RUN apt-get update && apt-get install -y libpq5 curl && rm -rf /var/lib/apt/lists/*",),
        never=("build-essential", "apt-get remove"),
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
            "dev/up.sh": "#!/bin/sh\npoetry run flask run\n",
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
        kind="unchanged",
        rung="unchanged",
        reason="`pip install` runs at every start",
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
            "COPY app.py .",
            START,
        ),
        files={"pyproject.toml": '[tool.poetry]\nname="x"\nversion="1"\n', "poetry.lock": "", "app.py": ""},
        final=(SITE,),
        never=("COPY --from=builder /root",),
    ),
    Row(
        id="a-tool-out-of-another-image",
        file=lines(
            "FROM python:3.11",
            "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv",
            "WORKDIR /app",
            "COPY pyproject.toml uv.lock app.py ./",
            "RUN uv sync --frozen",
            'CMD ["/app/.venv/bin/python", "app.py"]',
        ),
        files={
            "app.py": "",
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
            "COPY app.py .",
            START,
        ),
        builder=("RUN pip install -r requirements.txt && playwright install --with-deps chromium",),
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
    # --- what is removed from the directories that are copied --------------------------------------------
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
        never=("rm -r /",),
    ),
    Row(
        id="tests-removed-from-what-was-installed",
        file=lines(
            "FROM python:3.11",
            *INSTALL,
            "RUN rm -r /usr/local/lib/python3.11/site-packages/flask/tests",
            START,
        ),
        builder=("RUN rm -r /usr/local/lib/python3.11/site-packages/flask/tests",),
        final=(SITE,),
        never=("rm -r /",),
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
    Row(
        id="a-copied-directory-in-which-root-makes-something",  # COPY --from keeps the owners of what is in it
        file=lines(
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY --chown=1000:1000 . .",
            "RUN rm -rf docs",
            "ARG SECRET_KEY",
            "RUN python manage.py collect",
            "RUN mkdir log",
            START,
        ),
        files={"app.py": "import json\n", "manage.py": "open('x', 'w')\n", "docs/a.md": ""},
        final=("COPY --from=builder /app /app",),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
