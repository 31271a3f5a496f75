"""What the user installed by name stays where run time may start programs that nobody has read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

INSTALL = "RUN apt-get update && apt-get install -y {0}\n"
PYTHON = (
    "FROM python:3.11-bookworm\n{install}WORKDIR /app\nCOPY requirements.txt ./\n"
    "RUN pip install -r requirements.txt\nCOPY . .\n{start}\n"
)
NODE = (
    "FROM node:20-bookworm\n{install}WORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n{start}\n"
)
RUN = 'CMD ["python", "a.py"]'
FLASK: Mapping[str, str] = {"requirements.txt": "flask\n", "a.py": "import flask\n"}
DYNAMIC = "import subprocess, sys\nsubprocess.run([sys.argv[1]])\n"
PROJECT = '[project]\nname = "shop"\ndependencies = ["flask"]\n[project.scripts]\nshop = "shop:main"\n'
SERVER = 'CMD ["python", "manage.py", "runserver"]'
COMPOSE = "services:\n  a:\n    build: .\n    volumes: ['{0}']\n"
SERVICES = "services:\n  a:\n    build: .\n    command: python a.py\n  b:\n    build: .\n    {0}\n"
SPAWN = "const { spawn } = require('child_process')\nspawn(process.argv[2])\n"


@pytest.mark.parametrize(
    ("start", "files", "stay"),
    [
        pytest.param(RUN, FLASK, "", id="closed"),
        pytest.param('CMD ["gunicorn", "a:app"]', FLASK, "", id="a-server-of-the-application"),
        pytest.param('CMD ["sh", "-c", "python a.py"]', FLASK, "", id="a-shell"),
        pytest.param('CMD ["./start.sh"]', {**FLASK, "start.sh": "exec python a.py\n"}, "", id="a-script"),
        pytest.param(
            'ENTRYPOINT ["./start.sh"]\n' + RUN,
            {**FLASK, "start.sh": '#!/bin/sh\nexec "$@"\n'},
            "",
            id="a-script-that-starts-cmd",
        ),
        pytest.param(
            'CMD ["shop"]', {**FLASK, "pyproject.toml": PROJECT}, "", id="the-project's-own-program"
        ),
        pytest.param(RUN, {**FLASK, "a.py": DYNAMIC}, "git make python3", id="a-computed-name"),
        pytest.param('CMD ["twistd", "-ny", "a.tac"]', FLASK, "git make python3", id="a-host-of-plugins"),
        pytest.param('CMD ["shopd"]', FLASK, "git make python3", id="a-program-that-nobody-read"),
        pytest.param(
            'CMD ["./start.sh"]',
            {**FLASK, "start.sh": "exec $COMMAND\n"},
            "git make python3",
            id="a-variable",
        ),
        pytest.param("", FLASK, "git make python3", id="no-start"),
        pytest.param(
            "",
            {**FLASK, "compose.yaml": SERVICES.format("restart: always")},
            "git make python3",
            id="a-service-without-command",
        ),
        pytest.param(
            "",
            {**FLASK, "compose.yaml": SERVICES.format("command: python a.py b")},
            "",
            id="each-service-has-a-command",
        ),
        pytest.param(
            "",
            {
                **FLASK,
                "compose.yaml": SERVICES.format("command: python a.py b"),
                "run.sh": "docker build -t x .\ndocker run -it x\n",
            },
            "git make python3",
            id="people-start-the-default-of-the-base",
        ),
        pytest.param(
            "",
            {**FLASK, "run.sh": "docker build -t x .\ndocker run x python a.py\n"},
            "git make python3",
            id="a-command-of-people",
        ),
        pytest.param(SERVER, FLASK, "", id="a-server-of-development"),
        pytest.param(
            SERVER,
            {**FLASK, "compose.yaml": COMPOSE.format("./data:/app/data")},
            "",
            id="data-that-is-mounted",
        ),
        pytest.param(
            RUN, {**FLASK, "compose.yaml": COMPOSE.format(".:/app")}, "", id="sources-that-are-mounted"
        ),
        pytest.param(
            SERVER,
            {**FLASK, "compose.yaml": COMPOSE.format(".:/app")},
            "git make python3",
            id="a-server-of-development-with-mounted-sources",
        ),
        pytest.param('CMD ["sleep", "infinity"]', FLASK, "git make python3", id="it-only-waits"),
        pytest.param('CMD ["python"]', FLASK, "git make python3", id="an-interpreter-alone"),
        pytest.param(
            'CMD ["watchmedo", "auto-restart", "--", "python", "a.py"]',
            FLASK,
            "git make python3",
            id="a-watcher-of-sources",
        ),
        pytest.param(
            RUN, {**FLASK, "a.py": "COMMAND = 'make -C shop'\n"}, "make", id="a-setting-that-names-one"
        ),
    ],
)
def test_what_stays(start: str, files: Mapping[str, str], stay: str, tmp_path: Path) -> None:
    assert _kept(
        PYTHON.format(install=INSTALL.format("git gcc make libffi-dev"), start=start), files, tmp_path
    ) == {*stay.split()} - {"python3"}


@pytest.mark.parametrize(
    ("source", "stay"),
    [
        pytest.param("", "", id="closed"),
        pytest.param(SPAWN, "git make python3", id="a-computed-name"),
        pytest.param(
            SPAWN.replace("child_process", "promisify-child-process"), "git make python3", id="a-wrapper"
        ),
    ],
)
def test_interpreters_of_others(source: str, stay: str, tmp_path: Path) -> None:
    """An interpreter beside a compiler is there for native modules, or for what users run."""
    package = json.dumps({"dependencies": {"bcrypt": "5", "express": "4"}})
    file = NODE.format(install=INSTALL.format("git python3 make g++"), start='CMD ["node", "a.js"]')
    assert _kept(file, {"package.json": package, "a.js": source}, tmp_path) == {*stay.split()}


@pytest.mark.parametrize(
    ("files", "stays"),
    [
        pytest.param({}, False, id="nothing-names-it"),
        pytest.param({"a.py": "import flask\n", "judge.yaml": "command: gcc\n"}, False, id="closed"),
        pytest.param({"Makefile": "CC = gcc\n"}, False, id="only-the-build-names-it"),
        pytest.param({"judge.yaml": "command: gcc\n"}, True, id="a-setting-names-it"),
        pytest.param({"judge.json": '{"command": "gcc"}'}, True, id="a-string-names-it"),
        pytest.param({"judge.yaml": "command: gcc-99\n"}, False, id="another-program"),
        pytest.param(
            {"judge.yaml": "command: gcc\n", ".dockerignore": "*.yaml\n"}, True, id="a-mounted-setting"
        ),
    ],
)
def test_compilers_that_run_time_starts(files: Mapping[str, str], stays: bool, tmp_path: Path) -> None:
    for name, text in {**FLASK, "a.py": DYNAMIC, **files}.items():
        (tmp_path / name).write_text(text)
    file = PYTHON.format(install=INSTALL.format("gcc"), start=RUN)
    after = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False)).after or ""
    assert ("gcc" in after.rpartition("FROM ")[2]) == stays


def _kept(file: str, files: Mapping[str, str], directory: Path) -> set[str]:
    """The tools that the final stage still installs."""
    for name, text in files.items():
        (directory / name).write_text(text)
    outcome = pipeline.rewrite(file, directory, options=Options(dockerignore=False))
    assert outcome.rung == "slim", outcome.decisions
    final = (outcome.after or "").rpartition("FROM ")[2].partition("COPY")[0].split()
    assert not {"gcc", "g++"} & {*final}
    return {"git", "make", "python3"} & {*final}


@pytest.mark.parametrize(
    ("variable", "unused"),
    [
        pytest.param("", True, id="nothing-names-it"),
        pytest.param("ENV CHROME_BIN=/usr/bin/chromium\n", False, id="a-variable-names-it"),
        pytest.param('ENV BROWSER "/usr/bin/chromium"\n', False, id="the-old-form"),
        pytest.param("ENV CHROME_BIN=/usr/bin/firefox\n", True, id="another-program"),
        pytest.param("ENV PUPPETEER_SKIP_DOWNLOAD=true\n", False, id="in-place-of-a-download"),
        pytest.param("ENV CHROMEDRIVER_SKIP_DOWNLOAD=true\n", True, id="in-place-of-another-download"),
    ],
)
def test_programs_that_variables_name(variable: str, unused: bool, tmp_path: Path) -> None:
    for name, text in FLASK.items():
        (tmp_path / name).write_text(text)
    file = PYTHON.format(install=INSTALL.format("chromium") + variable, start=RUN)
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False))
    assert any(d.code == "SL206" for d in outcome.decisions) == unused


GO = (
    "FROM golang:1.22-bookworm\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n"
    "WORKDIR /src\nCOPY . .\n"
    'RUN CGO_ENABLED=0 go build -o /usr/local/bin/shop .\nCMD ["shop"]\n'
)
PROBE = "services:\n  a:\n    build: {0}\n    healthcheck: {{test: [CMD, curl, localhost]}}\n"


@pytest.mark.parametrize(
    ("repository", "build", "base"),
    [
        pytest.param(".git/HEAD", "./shop", "debian:bookworm-slim", id="above-the-context"),
        pytest.param(".git/HEAD", "./other", None, id="of-another-image"),
        pytest.param("README", "./shop", "debian:bookworm-slim", id="outside-of-any-repository"),
        pytest.param("README", "./other", None, id="outside-of-any-repository-of-it"),
    ],
)
def test_health_check_of_the_repository(
    repository: str, build: str, base: str | None, tmp_path: Path
) -> None:
    """The program of a health check above the context is called, and needs certificates and its package."""
    main = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n'
    files = {
        repository: "",
        "compose.yml": PROBE.format(build),
        "shop/go.mod": "module shop\n",
        "shop/main.go": main,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(GO, tmp_path / "shop", options=Options(dockerignore=False))
    named = any("../compose.yml:4" in decision.text for decision in outcome.decisions)
    assert named is (base is not None), outcome.decisions
