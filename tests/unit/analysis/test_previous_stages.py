"""Packages of a last stage that runs what earlier stages have built: which of them cleaning takes away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.config import MinSaving, Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse

BUILDER = """FROM python:3.12-bookworm AS builder
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
{brought}
RUN pip install -r requirements.txt

FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y git gcc libpq-dev
COPY {copied} /opt/venv /opt/venv
COPY {copied} /app /app
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
RUN pip install gunicorn
CMD ["gunicorn", "people:app"]
"""
PLAIN = "import flask\napp = flask.Flask(__name__)\n"
CALLS = f"import subprocess\n{PLAIN}subprocess.run(['git', 'log'])\n"
FROM_STAGE = "--from=builder"


@pytest.mark.parametrize(
    ("brought", "copied", "files", "stay"),
    [
        pytest.param("COPY . .", FROM_STAGE, {"people.py": PLAIN}, set(), id="nothing calls anything"),
        pytest.param("COPY . .", FROM_STAGE, {"people.py": CALLS}, {"git"}, id="a source there calls git"),
        pytest.param("COPY . .", "--from=0", {"people.py": CALLS}, {"git"}, id="by the number of the stage"),
        pytest.param(
            "COPY requirements.txt .\nRUN git clone https://git.example.org/people .",
            FROM_STAGE,
            {},
            {"git"},
            id="sources that nobody has seen",
        ),
    ],
)  # fmt: skip
def test_what_stays(
    brought: str, copied: str, files: Mapping[str, str], stay: set[str], tmp_path: Path
) -> None:
    for name, text in {"requirements.txt": "flask\n", **files}.items():
        (tmp_path / name).write_text(text)
    text = BUILDER.format(brought=brought, copied=copied)
    options = Options(single_stage=True, dockerignore=False, min_saving=MinSaving(percent=0, bytes=0))
    outcome = pipeline.rewrite(text, tmp_path, options=options)
    last = (outcome.after or "").rpartition("\nFROM ")[2]
    first, _, rest = last.partition("COPY")
    assert {name for name in ("git", "gcc", "libpq-dev") if f" {name}" in first} == stay, last
    assert "purge -y --auto-remove" in rest


def test_what_sources_start_is_followed(tmp_path: Path) -> None:
    source = 'package main\n\nimport "os/exec"\n\nfunc main() { exec.Command("sh", "log.sh").Run() }\n'
    for name, text in {"go.mod": "module a.b/c\n", "main.go": source, "log.sh": "svn log\n"}.items():
        (tmp_path / name).write_text(text)
    builder = "FROM golang:1.24 AS builder\nWORKDIR /app\nCOPY . .\nRUN go build -o server .\n"
    last = "FROM debian\nRUN apt-get install -y subversion\nCOPY --from=builder /app/server /\nCMD /server\n"
    file = parse((builder + last).encode(), "Dockerfile")
    commands = classify(file, scan(tmp_path), "Dockerfile", Options()).runtime_needs.commands
    assert {"sh", "svn"} <= set(commands)


TOOLS = """FROM node:20 AS builder
WORKDIR /app
COPY . .
RUN npm ci && npm run build

FROM node:20
WORKDIR /app
COPY --from=builder /app/node_modules ./node_modules
COPY --from=builder /app/{copied} ./{copied}
CMD ["node", "dist/main.js"]
"""
JOBS = "import { readFileSync } from 'fs';\nimport { spawn } from 'child_process';\n"
STARTS = "const jobs = readFileSync(`./jobs/${process.env.DAY}`, 'utf8');\nspawn(jobs, ['x']);\n"


@pytest.mark.parametrize(
    ("copied", "source", "named"),
    [
        pytest.param("dist", "", set(), id="not what only the builder has"),
        pytest.param("jobs", "", {"unzip"}, id="what the image has"),
        pytest.param("dist", "spawn('svn', ['log']);\n", {"svn"}, id="what is compiled of sources"),
    ],
)
def test_programs_that_files_of_other_stages_name(
    copied: str, source: str, named: set[str], tmp_path: Path
) -> None:
    files = {"package.json": '{"scripts": {"build": "tsc"}}', "src/main.ts": JOBS + STARTS + source}
    for name, text in {**files, "jobs/nightly.sh": "unzip -q backup.zip\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    file = parse(TOOLS.format(copied=copied).encode(), "Dockerfile")
    commands = classify(file, scan(tmp_path), "Dockerfile", Options()).runtime_needs.commands
    assert {"unzip", "svn"} & commands.keys() == named


@pytest.mark.parametrize(
    ("call", "base"),
    [
        ('"cat", "x"', "python:3.12-slim"),
        ('"pip", "install", "x"', "python:3.12"),
        ('"python3", "-m", "pip", "install", "-r", os.Args[1]', "python:3.12"),
        ('"npm", append([]string{"install"}, os.Args[1:]...)...', "python:3.12"),
    ],
)
def test_installers_that_the_program_of_another_stage_starts(call: str, base: str, tmp_path: Path) -> None:
    """What they compile may include any header of the base."""
    (tmp_path / "go.mod").write_text("module example.com/wheels\n\ngo 1.22\n")
    imports = 'import (\n\t"os"\n\t"os/exec"\n)'
    source = f"package main\n\n{imports}\n\nfunc main() {{ _ = os.Args; _ = exec.Command({call}).Run() }}\n"
    (tmp_path / "main.go").write_text(source)
    text = """FROM golang:1.22 AS build
WORKDIR /src
COPY . .
RUN go build -o /bin/wheels .

FROM python:3.12
COPY --from=build /bin/wheels /bin/wheels
CMD ["wheels"]
"""
    after = pipeline.rewrite(text, tmp_path, options=Options(dockerignore=False)).after or text
    assert after.rpartition("\nFROM ")[2].split()[0] == base
