"""Reasons that readers found false: what is said has to be true of the file at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import GOLDEN

import slimify

PIP = "flask==3.0.3\n"
NODE = '{"name": "x", "version": "1.0.0", "dependencies": {"express": "^4"}}'
ENTRY = '#!/bin/sh\nset -e\nexec "$@"\n'

CASES = {
    "owner of a user that a later step creates": (
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
        "RUN mkdir /data && echo x > /data/y && adduser app && chown -R app /app\nCMD python app.py\n",
        {"requirements.txt": PIP, "app.py": "import flask\n"},
        "SL356: `chown -R` stores the files again: the files are there before the user app is created",
        "created after",
    ),
    "an account that is called like a package": (
        "FROM node:20\nRUN useradd -m express\nWORKDIR /app\nCOPY . .\nRUN npm install\nUSER express\n"
        'RUN node build.js\nCMD ["node", "a.js"]\n',
        {"package.json": NODE[:-1] + ', "devDependencies": {"webpack": "5"}}', "build.js": "", "a.js": ""},
        "the user express can't delete them",
        "and express",
    ),
    "a package that is loaded first": (
        'FROM node:20\nWORKDIR /a\nCOPY . .\nRUN npm install\nCMD ["node", "-r", "dotenv/config", "a.js"]\n',
        {"package.json": NODE[:-1] + ', "devDependencies": {"dotenv": "5", "webpack": "5"}}', "a.js": ""},
        "`node` is started and loads dotenv first",
        "TypeScript",
    ),
    "uv run, which syncs": (
        'FROM python:3.11\nWORKDIR /app\nRUN pip install uv\nCOPY . .\nCMD ["uv", "run", "app.py"]\n',
        {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["flask"]\n', "app.py": ""},
        "SL392: `uv run app.py` runs at every start",
        "uv sync",
    ),
    "an install with an interpreter": (
        "FROM python:3.11\nWORKDIR /app\nCOPY . .\n"
        "CMD python -m pip install -r requirements.txt && python app.py\n",
        {"requirements.txt": PIP, "app.py": "import flask\n"},
        "SL392: `pip install` runs at every start",
        "python install",
    ),
    "an install in an entry script": (
        'FROM node:20\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\n',
        {"package.json": NODE, "start.sh": "#!/bin/sh\nnpm install\nnode x.js\n", "x.js": ""},
        "`./start.sh (npm install)`",
        "`npm install`",
    ),
    "a stage that starts from the one that builds": (
        "FROM golang:1.24 AS base\nWORKDIR /src\nCOPY . .\nRUN go build -o /x .\n"
        'FROM base AS live\nRUN echo live > /kind\nARG KIND=live\nFROM base\nCMD ["/x"]\n',
        {"go.mod": "module x\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"},
        "",
        "already built",
    ),
    "builtins of an entry script": (
        "FROM alpine:3.20\nRUN apk add --no-cache python3 py3-pip gcc musl-dev\nWORKDIR /app\nCOPY . .\n"
        'RUN pip install --break-system-packages -r requirements.txt\nENTRYPOINT ["./entry.sh"]\n'
        'CMD ["python3", "app.py"]\n',
        {"requirements.txt": PIP, "app.py": "import flask\n", "entry.sh": ENTRY},
        "",
        "starts `set`",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_is_true(tmp_path: Path, case: str) -> None:
    dockerfile, files, said, never = CASES[case]
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    outcome = slimify.rewrite_file(tmp_path / "Dockerfile")
    reasons = "\n".join(f"{d.code}: {d.text}" for d in outcome.decisions)
    assert said in reasons
    assert never not in reasons


def test_a_stage_that_copies_what_another_one_has_built() -> None:
    outcome = slimify.rewrite_file(GOLDEN / "article-two-stages-repaired" / "input" / "Dockerfile")
    reasons = [d.text for d in outcome.decisions if d.code == "SL410"]
    assert reasons == ["the last stage copies what other stages built, and builds nothing itself"]


def test_roles_name_no_builder_where_the_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["bash"]\n'
    )
    (tmp_path / "requirements.txt").write_text(PIP)
    outcome = slimify.rewrite_file(tmp_path / "Dockerfile")
    (install,) = outcome.instructions[3].commands
    assert [r.text for r in install.reasons if "builder" in r.text] == []


def test_a_missing_working_directory_is_named_in_words(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM maven:3-openjdk-17\nCOPY . .\nRUN mvn package\nCMD java -jar a.jar\n"
    )
    outcome = slimify.rewrite_file(tmp_path / "Dockerfile")
    (build,) = outcome.instructions[2].commands
    assert [reason.text for reason in build.reasons] == ["the working directory is unknown"]
