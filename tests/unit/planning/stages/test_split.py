"""The builder is the user's file, up to the last step that anything copied depends on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

INSTALL = "WORKDIR /srv\nCOPY package.json ./\nRUN npm install\n"
REST = 'COPY . .\nCMD ["node", "a.js"]\n'
SLIM = "RUN apt-get update && apt-get install -y openssl\n"
PYTHON = "COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
RUN = 'COPY . .\nCMD ["python", "a.py"]\n'


@pytest.mark.parametrize(
    ("base", "builder", "after"),
    [
        pytest.param("node:20", INSTALL, REST, id="only-what-is-built"),
        pytest.param("node:20", SLIM + INSTALL, REST, id="a-package-that-run-time-needs"),
        pytest.param(
            "node:20",
            f"RUN useradd sailor\nUSER sailor\n{INSTALL}",
            REST,
            id="users-of-its-steps",
        ),
        pytest.param("node:20", f"RUN npm install -g pm2\n{INSTALL}", REST, id="a-program-for-the-start"),
        pytest.param("node:20", f"COPY logo.svg /etc/\n{INSTALL}", REST, id="files-that-only-run-time-reads"),
        pytest.param("node:20", f"USER node\nENV A=1\n{INSTALL}", REST, id="state"),
        pytest.param(
            "node:20", INSTALL, f"EXPOSE 80\nRUN useradd sailor\nUSER sailor\n{REST}", id="not-what-follows"
        ),
        pytest.param("python:3.12", f"{SLIM}{PYTHON}", RUN, id="python"),
        pytest.param(
            "python:3.12",
            f"RUN mkdir /etc/app && touch /etc/app/a\n{PYTHON}",
            f"RUN python manage.py migrate\n{RUN}",
            id="not-the-application",
        ),
    ],
)
def test_builder(base: str, builder: str, after: str, tmp_path: Path) -> None:
    package = {"dependencies": {"express": "4", "sharp": "0.33.0"}}
    texts = {"package.json": json.dumps(package), "a.js": "require('express')()\n", "logo.svg": "<svg/>"}
    texts |= {"requirements.txt": "flask\n", "a.py": "import flask\n", "manage.py": "import flask\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    file = f"FROM {base}\n{builder}{after}"
    options = Options(min_saving=MinSaving(percent=0.0, bytes=0))
    outcome = pipeline.rewrite(file.encode(), name="Dockerfile", context=tmp_path, options=options)
    assert outcome.after is not None, outcome.decisions
    assert outcome.after.partition("\n\nFROM ")[0] + "\n" == f"FROM {base} AS builder\n{builder}"


@pytest.mark.parametrize(
    ("run", "final"),
    [
        pytest.param("mkdir /data && rm -rf /tmp/*", "mkdir /data", id="all-or-nothing"),
        pytest.param("set -e; mkdir /data; rm -rf /tmp/*", "set -e; mkdir /data", id="stops-at-an-error"),
        pytest.param("mkdir /data; rm -rf /tmp/*", "mkdir /data; rm -rf /tmp/*", id="its-end-is-its-status"),
        pytest.param(
            "apt-get update && apt-get upgrade -y && apt-get clean",
            "apt-get update && apt-get upgrade -y && apt-get clean",
            id="an-upgrade-reads-package-lists",
        ),
    ],
)
def test_clean_up(run: str, final: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "a.py").write_text("import flask\n")
    outcome = pipeline.rewrite(f"FROM python:3.12\nRUN {run}\n{PYTHON}{RUN}", tmp_path)
    assert outcome.after is not None, outcome.decisions
    assert f"\nFROM python:3.12-slim\nRUN {final}\n" in outcome.after
