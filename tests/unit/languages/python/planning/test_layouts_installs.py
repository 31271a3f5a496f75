"""Python: what the final stage installs, also where a tag moves on. Cases that need no golden file."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from unit.python_layouts import FLASK, INSTALL, START, VENV, Row, holds, lines

from slimify import pipeline
from slimify.model.outcome import Rewritten

CI = "steps:\n  - run: docker build --build-arg BASE=%s .\n"
CLONED = "git+https://example.org/a.git#egg=a\n"
CLONES = (  # what the image has beside the requirements, how it installs them, and where pip clones to
    ("no", CLONED, "RUN pip install -r requirements.txt", ""),
    ("listed", f"-e {CLONED}", "RUN pip install -r requirements.txt", "/app/src"),
    ("named", "", "RUN pip install -e git+https://example.org/a.git#egg=a", "/app/src"),
    ("told", f"-e {CLONED}", "RUN pip install --src /srv/a -r requirements.txt", "/srv/a"),
    ("set", f"-e {CLONED}", "ENV PIP_SRC=/srv/b\nRUN pip install -r requirements.txt", "/srv/b"),
    ("venv", f"-e {CLONED}", "RUN python -m venv /v && /v/bin/pip install -r requirements.txt", ""),
)
ROWS = (
    *(
        Row(
            id=f"clones-of-editable-requirements-{name}",
            file=lines(
                "FROM python:3.11", "WORKDIR /app", "COPY requirements.txt .", run, "COPY app.py .", START
            ),
            files={**FLASK, "requirements.txt": f"flask==3.0.0\n{listed}"},
            final=(f"COPY --from=builder {place} {place}",) if place else (),
            never=() if place else ("/src ",),
        )
        for name, listed, run, place in CLONES
    ),
    Row(
        id="compilers-of-an-install-in-the-builder-beside-a-step-of-the-application",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y gcc libpq-dev",
            "COPY requirements.txt .",
            "RUN python3 -m pip install -r requirements.txt",
            "COPY app.py .",
            "RUN python3 app.py",
            "RUN apt-get purge -y gcc libpq-dev",
            START,
        ),
        never=("gcc",),
    ),
    Row(
        id="a-python-that-gets-no-other-release",
        file=lines("FROM python:2", *INSTALL, START),
        builder=("RUN pip install -r requirements.txt",),
        final=(
            "COPY --from=builder /usr/local/lib/python2.7/site-packages /usr/local/lib/python2.7/site-packages",
        ),
    ),
    Row(
        id="a-base-that-a-workflow-passes-has-a-slim-variant",
        file=lines("ARG BASE=python:3.11", "FROM ${BASE}", *INSTALL, START),
        files={**FLASK, ".github/workflows/ci.yml": CI % "python:3.12"},
        final=(VENV,),
    ),
    Row(
        id="a-base-that-a-workflow-passes-has-no-slim-variant",
        file=lines("ARG BASE=python:3.11", "FROM ${BASE}", *INSTALL, START),
        files={**FLASK, ".github/workflows/ci.yml": CI % "nvidia/cuda:12.4.1-devel-ubuntu22.04"},
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="a-base-that-a-workflow-passes-is-not-known",
        file=lines("ARG VER=3.11", "FROM python:${VER}", *INSTALL, START),
        files={**FLASK, ".github/workflows/ci.yml": (CI % "${{ inputs.python }}").replace("BASE", "VER")},
        kind="unchanged",
        rung="unchanged",
    ),
    Row(
        id="an-old-python-makes-no-environment",
        file=lines("ARG BASE=python:3.6", "FROM ${BASE}", *INSTALL, START),
        final=(
            "COPY --from=builder /usr/local/lib/python3.6/site-packages /usr/local/lib/python3.6/site-packages",
        ),
        never=("/opt/venv",),
    ),
    Row(
        id="archives-that-a-build-leaves",
        file=lines(
            "FROM python:3.12",
            "WORKDIR /app",
            "COPY . .",
            "RUN python setup.py sdist",
            "RUN pip install dist/*",
            START,
        ),
        files={"setup.py": "from setuptools import setup\n\nsetup(name='app')\n", "app.py": "import os\n"},
        rung="slim",
        final=(
            "COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages",
        ),
    ),
    Row(
        id="a-python-that-nobody-knows-makes-no-environment",
        file=lines("ARG BASE=python:3.12", "FROM ${BASE}", *INSTALL, START),
        files={**FLASK, ".github/workflows/ci.yml": CI % "python:$RELEASE"},
        kind="unchanged",
        rung="unchanged",
        reason="nothing in the image is known to serve only the build",
    ),
    Row(
        id="an-old-python-beside-others-makes-no-environment",
        file=lines("ARG BASE=python:3.6", "FROM ${BASE}", *INSTALL, START),
        files={**FLASK, ".github/workflows/ci.yml": CI % "python:3.12"},
        kind="unchanged",
        rung="unchanged",
        reason="has no pip that finds current wheels",
    ),
    Row(
        id="an-old-release-of-a-minor-version-makes-no-environment",
        file=lines("ARG BASE=python:3.8.2", "FROM ${BASE}", *INSTALL, START),
        never=("/opt/venv",),
    ),
    Row(
        id="the-home-of-pipx-depends-on-its-release",
        file=lines("FROM python:3.11", "RUN pip install pipx && pipx install yt-dlp", *INSTALL, START),
        final=("COPY --from=builder /root/.local /root/.local",),
    ),
    Row(
        id="the-home-of-pipx-is-set",
        file=lines(
            "FROM python:3.11",
            "ENV PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/opt/bin",
            "RUN pip install pipx && pipx install yt-dlp",
            *INSTALL,
            START,
        ),
        final=("COPY --from=builder /opt/pipx /opt/pipx", "COPY --from=builder /opt/bin /opt/bin"),
    ),
    # --- a moving tag ------------------------------------------------------------------------------------
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
        reason="ignores PATH",
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
        id="data-of-wheels-beside-their-packages",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={"requirements.txt": "jupyterlab==4.2.0\n", "app.py": "import jupyterlab\n"},
        final=(
            "COPY --from=builder /usr/local/share /usr/local/share",
            "COPY --from=builder /usr/local/etc /usr/local/etc",
        ),
    ),
    Row(
        id="libraries-of-wheels-beside-their-packages",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={"requirements.txt": "scikit_learn-intelex\n", "app.py": "import sklearnex\n"},
        final=("COPY --from=builder /usr/local/lib /usr/local/lib",),
    ),
    Row(
        id="data-of-the-project-beside-its-packages",
        file=lines("FROM python:3.11", "WORKDIR /src", "COPY . .", "RUN pip install .", 'CMD ["tool"]'),
        files={
            "setup.py": "from setuptools import setup\nsetup(name='tool', packages=['tool'], "
            "data_files=[('share/tool', ['a.ini'])], "
            "entry_points={'console_scripts': ['tool=tool:main']})\n",
            "tool/__init__.py": "def main(): pass\n",
        },
        final=("COPY --from=builder /usr/local/share /usr/local/share",),
    ),
    Row(
        id="data-of-an-old-release-in-a-directory-of-its-own",
        file=lines("FROM python:3.11", *INSTALL, START),
        files={"requirements.txt": "xgboost==0.90\n", "app.py": "import xgboost\n"},
        final=("COPY --from=builder /usr/local /usr/local",),
    ),
    Row(
        id="what-is-put-back-goes-with-the-users-own-install",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext",
            *INSTALL,
            START,
        ),
        files={**FLASK, "app.py": "import subprocess\nsubprocess.run(['git', 'log'])\n"},
        final=(
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext git \\\n    && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="programs-of-a-management-command-that-only-the-build-runs",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext",
            "WORKDIR /app",
            "COPY . .",
            "RUN pip install -r requirements.txt",
            "RUN python manage.py compilemessages",
            START,
        ),
        files={**FLASK, "manage.py": "import django\n"},
        never=("gettext",),
    ),
    Row(
        id="programs-of-a-management-command-that-run-time-runs",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext",
            "WORKDIR /app",
            "COPY . .",
            "RUN pip install -r requirements.txt",
            "RUN python manage.py compilemessages",
            "CMD python manage.py compilemessages && python app.py",
        ),
        files={**FLASK, "manage.py": "import django\n"},
        final=(
            "RUN apt-get update && apt-get install -y --no-install-recommends gettext && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="the-digest-of-the-old-base-is-not-the-new-ones",
        file=lines(f"FROM python:3.11@sha256:{'a' * 64}", *INSTALL, START),
        reason="python:3.11-slim is not pinned, as the digest of line 1 is that of another image",
    ),
    Row(
        id="not-where-that-brings-recommended-packages-along",
        file=lines("FROM python:3.11", "RUN apt-get update && apt-get install -y gettext", *INSTALL, START),
        files={**FLASK, "app.py": "import subprocess\nsubprocess.run(['convert', 'a.png'])\n"},
        final=(
            "    && apt-get install -y --no-install-recommends imagemagick libmagickcore-7.q16-10-extra \\",
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
        reason="`manage.py runserver`, started by compose.yaml:4, is a development server: start a production server or serve a production build",
    ),
    Row(
        id="a-counterpart-is-installed-once",
        file=lines(
            "FROM python:3.11",
            "RUN apt-get update && apt-get install -y libpq-dev && rm -rf /var/lib/apt/lists/*",
            "RUN pip install psycopg2==2.9.9",
            "COPY app.py .",
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
        final=("    && apt-get install -y --no-install-recommends git openssh-client \\",),
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
            "COPY --from=builder /usr/local /usr/local",
        ),
        never=("python3-pip", "gcc"),
    ),
    Row(
        id="the-rest-of-the-library-of-a-distributions-python",
        file=lines(
            "FROM debian:bullseye-slim",
            "RUN apt-get update && apt-get install -y python3-venv gcc python3-dev && rm -rf /var/lib/apt/lists/*",
            "RUN python3 -m venv /v && /v/bin/pip install flask",
            'CMD ["/v/bin/python", "app.py"]',
        ),
        rung="same-base",
        final=(
            "RUN apt-get update && apt-get install -y python3 ca-certificates python3-distutils && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="a-distributions-python-without-distutils",
        file=lines(
            "FROM debian:trixie-slim",
            "RUN apt-get update && apt-get install -y python3-venv gcc python3-dev && rm -rf /var/lib/apt/lists/*",
            "RUN python3 -m venv /v && /v/bin/pip install flask",
            'CMD ["/v/bin/python", "app.py"]',
        ),
        rung="same-base",
        never=("python3-distutils",),
    ),
    Row(
        id="what-the-command-in-front-installs-is-not-named-again",
        file=lines(
            "FROM python:3.11-slim-bookworm",
            "RUN apt-get update && apt-get install -y gcc libpq-dev && apt-get install -y libpq-dev curl procps",
            "COPY requirements.txt .",
            "RUN pip install -r requirements.txt",
            START,
        ),
        files={
            "requirements.txt": "psycopg2==2.9.9\n",
            "app.py": "import os, psycopg2\nos.system('curl x')\n",
        },
        rung="same-base",
        final=("RUN apt-get update && apt-get install -y libpq5 && apt-get install -y curl procps \\",),
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
            "RUN apt-get update && apt-get install -y python3-pip python3 ca-certificates && rm -rf /var/lib/apt/lists/*",
        ),
    ),
    Row(
        id="python-2-of-the-distribution",
        file=lines(
            "FROM ubuntu:18.04",
            "RUN apt-get update && apt-get install -y python python-pip python-dev build-essential",
            "RUN pip install flask",
            "RUN git clone https://example.org/a /usr/local/src/a",
            'CMD ["python", "app.py"]',
        ),
        rung="same-base",
        final=(
            "COPY --from=builder /usr/local/lib/python2.7/dist-packages /usr/local/lib/python2.7/dist-packages",
        ),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


def test_an_install_that_is_written_anew_has_the_line_ends_of_the_file(tmp_path: Path) -> None:
    text = "FROM python:3.11\nRUN for name in gcc libpq-dev; do apt-get install -y $name; done\nCOPY app.py .\nCMD python app.py\n"
    (tmp_path / "app.py").write_text("")
    outcome = pipeline.rewrite(text.replace("\n", "\r\n").encode(), tmp_path)
    assert isinstance(outcome, Rewritten)
    new = outcome.after
    assert "libpq5" in new
    assert "\n" not in new.replace("\r\n", "")
