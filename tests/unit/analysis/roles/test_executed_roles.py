"""The roles that `explain` shows: where the file that `rewrite` prints executes each step."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.analysis.roles.executed_roles import execution
from slimify.config import MinSaving, Options
from slimify.context.scan import scan
from slimify.model.outcome import Outcome
from slimify.syntax.dockerfile.parser import parse

GO = {
    "go.mod": "module example.org/a\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
}
NODE = {"package.json": '{"dependencies": {"koa": "^2"}}', "index.js": "require('koa')\n"}

LEFT = """FROM node:22-alpine
WORKDIR /app
COPY . .
RUN npm install && npm cache clean --force
CMD ["node", "index.js"]
"""
COPIED = """FROM golang:1.22 AS build
WORKDIR /src
COPY . .
RUN go vet ./... && go build -o /a .

FROM scratch
COPY --from=build /a /a
CMD ["/a"]
"""
BASED = """FROM golang:1.22 AS tools
RUN useradd --system a

FROM tools AS build
COPY . /src
RUN cd /src && go build -o /a .

FROM tools
COPY --from=1 /a /a
CMD ["/a"]
"""
CHAIN = """FROM node:22-alpine AS base
COPY . /app

FROM base
RUN cd /app && npm install
CMD ["node", "/app/index.js"]
"""
SAME_PLACE = """FROM node:22 AS build
WORKDIR /app
COPY . .
RUN npm install

FROM node:22
WORKDIR /app
COPY --from=build /app /app
CMD ["node", "index.js"]
"""
UNUSED = """FROM golang:1.22 AS tests
RUN go version

FROM scratch
COPY a /a
CMD ["/a"]
"""
SPLIT = """FROM golang:1.22
WORKDIR /src
RUN useradd --system a
COPY . .
RUN go build -o /usr/local/bin/a .
EXPOSE 80
USER a
CMD ["/usr/local/bin/a"]
"""

STAYS = """FROM golang:1.22-alpine
WORKDIR /src
COPY go.mod main.go ./
RUN apk add --no-cache g++
RUN go build -o /a .
CMD ["/opt/agent", "/a"]
"""

SCRIPT = """FROM node:22-slim
RUN apt-get update && apt-get install -y g++ make python3
WORKDIR /app
COPY install.sh /tmp/
RUN /tmp/install.sh
COPY . .
RUN npm install
CMD ["node", "index.js"]
"""
BROUGHT = """FROM python:3.12
RUN apt-get update && apt-get install -y libpq-dev
COPY requirements.txt /
RUN pip install -r /requirements.txt
COPY a.py /
CMD ["python", "/a.py"]
"""
COMPOSE = "services:\n  a:\n    build: .\n    command: python /a.py\n"
PARENT = """FROM python:3.12-slim AS deps
COPY requirements.txt /
RUN pip install -r /requirements.txt

FROM deps
COPY a.py /
"""
TINI = {"install.sh": "#!/bin/sh\nset -e\napt-get update\napt-get install -y tini\n"}


def outcome_of(text: str, files: dict[str, str], root: Path) -> Outcome:
    for name, content in files.items():
        (root / name).write_text(content)
    options = Options(dockerignore=False, min_saving=MinSaving(percent=0, bytes=0))
    return pipeline.rewrite(text, root, options=options)


def roles(outcome: Outcome) -> list[str]:
    """One row per instruction: line, role, and those of its commands."""
    rows = []
    for verdict in outcome.instructions:
        commands = [f"{c.text.split()[0]}={c.role}" for c in verdict.commands]
        rows.append(" ".join([str(verdict.instruction.line), verdict.role, *commands]))
    return rows


@pytest.mark.parametrize(
    ("text", "files", "rung", "expected"),
    [
        pytest.param(
            LEFT, NODE, "unchanged", ["1 both", "2 both", "3 both", "4 build npm=build npm=build", "5 run"],
            id="one stage that stays as it is",
        ),
        pytest.param(
            STAYS, GO, "cleanup",
            ["1 both", "2 both", "3 both", "4 build apk=build", "5 build go=build", "6 run"],
            id="one stage that stays as it is, as nothing is known to make what it starts",
        ),
        pytest.param(
            STAYS.replace('"/opt/agent"', '"go", "vet"'), GO, "unchanged",
            ["1 both", "2 both", "3 both", "4 run apk=run", "5 both go=both", "6 run"],
            id="one stage for building",
        ),
        pytest.param(
            STAYS.replace('"/opt/agent", "/a"', '"./start.sh"'), GO, "unchanged",
            ["1 both", "2 both", "3 both", "4 both apk=both", "5 build go=build", "6 run"],
            id="one stage with a script that no checkout has",
        ),
        pytest.param(
            STAYS.replace('"/opt/agent", "/a"', '"sleep", "infinity"'), GO, "unchanged",
            ["1 both", "2 both", "3 both", "4 both apk=both", "5 build go=build", "6 run"],
            id="one stage that only waits, for people to work in",
        ),
        pytest.param(
            "FROM alpine:3.20\nRUN apk add gcc\nCOPY a.py /\n", {"a.py": ""}, "cleanup",
            ["1 both", "2 both apk=both", "3 run"],
            id="one stage, and nothing says what is done in it",
        ),
        pytest.param(
            BROUGHT.rpartition("CMD")[0].replace("libpq-dev", "gcc"),
            {"a.py": "", "requirements.txt": "flask\n", "compose.yaml": COMPOSE},
            "slim",
            ["1 both", "2 build apt-get=build apt-get=build", "3 build", "4 build pip=build", "5 run"],
            id="a compose file starts it",
        ),
        pytest.param(
            PARENT + 'CMD ["python", "/a.py"]\n', {"a.py": "", "requirements.txt": "flask\n"}, "cleanup",
            ["1 both", "2 build", "3 build pip=build", "5 run", "6 run", "7 run"],
            id="the last stage builds on one that installs",
        ),
        pytest.param(
            PARENT + 'COPY --from=deps /etc/hosts /etc/\nCMD ["python", "/a.py"]\n',
            {"a.py": "", "requirements.txt": "flask\n"}, "cleanup",
            ["1 both", "2 build", "3 build pip=build", "5 run", "6 run", "7 run", "8 run"],
            id="a stage that copies from the one it builds on",
        ),
        pytest.param(
            LEFT.replace("COPY . .", "COPY package.json .").replace("\nCMD", "\nCOPY . .\nCMD"), NODE,
            "unchanged",
            ["1 both", "2 both", "3 build", "4 build npm=build npm=build", "5 run", "6 run"],
            id="one stage, and what its install is told to read",
        ),
        pytest.param(
            BROUGHT, {"a.py": "", "requirements.txt": "psycopg2\n"}, "slim",
            ["1 both", "2 both apt-get=both apt-get=both", "3 build", "4 build pip=build", "5 run", "6 run"],
            id="an install that brings what run time needs",
        ),
        pytest.param(
            COPIED, GO, "unchanged",
            ["1 build", "2 build", "3 build", "4 build go=build go=build", "6 run", "7 run", "8 run"],
            id="the last stage only copies",
        ),
        pytest.param(
            BASED, GO, "slim",
            ["1 build", "2 both useradd=both", "4 build", "5 build", "6 build cd=build go=build",
             "8 run", "9 run", "10 run"],
            id="both stages build on a third one",
        ),
        pytest.param(
            CHAIN, NODE, "cleanup", ["1 both", "2 both", "4 run", "5 build cd=both npm=build", "6 run"],
            id="the last stage builds on the other one",
        ),
        pytest.param(
            SAME_PLACE, NODE, "slim",
            ["1 build", "2 build", "3 build", "4 build npm=build", "6 run", "7 run", "8 run", "9 run"],
            id="both stages work in the same place",
        ),
        pytest.param(
            UNUSED, {"a": "x"}, "unchanged", ["1 build", "2 build go=build", "4 run", "5 run", "6 run"],
            id="nothing uses the other stage",
        ),
        pytest.param(
            SPLIT, GO, "slim",
            ["1 both", "2 both", "3 run useradd=run", "4 build", "5 build go=build",
             "6 run", "7 run", "8 run"],
            id="rewritten to two stages",
        ),
        pytest.param(
            SCRIPT, {**NODE, **TINI}, "same-base",
            ["1 both", "2 build apt-get=build apt-get=build", "3 both", "4 both",
             "5 both /tmp/install.sh=both", "6 both", "7 build npm=build", "8 run"],
            id="a script that installs packages is repeated",
        ),
    ],
)  # fmt: skip
def test_roles(text: str, files: dict[str, str], rung: str, expected: list[str], tmp_path: Path) -> None:
    outcome = outcome_of(text, files, tmp_path)
    assert (outcome.rung, roles(outcome)) == (rung, expected), outcome.after


@pytest.mark.parametrize(
    ("text", "files", "line", "reasons"),
    [
        pytest.param(LEFT, NODE, 5, ["SL200 configuration"], id="what analysis found fits"),
        pytest.param(LEFT, NODE, 4, ["SL210 packages", "SL218 beside"], id="of a file that keeps one stage"),
        pytest.param(
            STAYS.replace('"/opt/agent", "/a"', '"sleep", "infinity"'), GO, 4, ["SL226 image"],
            id="people work in the image",
        ),
        pytest.param(COPIED, GO, 3, ["SL226 copied"], id="in another stage"),
        pytest.param(COPIED, GO, 4, ["SL226 copied"] * 2, id="the commands of a RUN in another stage"),
        pytest.param(
            BASED, GO, 2, ["SL215 users", "SL226 also_built"], id="of a base, repeated on another image"
        ),
        pytest.param(CHAIN, NODE, 2, ["SL224 read_by_both"], id="in its base, as analysis found"),
        pytest.param(UNUSED, {"a": "x"}, 1, ["SL226 unused"], id="in a stage that nothing uses"),
        pytest.param(SPLIT, GO, 5, ["SL212 compiled"], id="in the builder, as analysis found"),
    ],
)  # fmt: skip
def test_reasons_fit_the_role(
    text: str, files: dict[str, str], line: int, reasons: list[str], tmp_path: Path
) -> None:
    outcome = outcome_of(text, files, tmp_path)
    verdict = next(v for v in outcome.instructions if v.instruction.line == line)
    found = [r for c in verdict.commands for r in c.reasons] or verdict.reasons
    assert [f"{r.code} {r.form}" for r in found] == reasons


def test_packages_that_stay_in_the_image(tmp_path: Path) -> None:
    text = "FROM alpine:3.20\nRUN apk add --no-cache git go\nRUN go version\n"
    outcome = outcome_of(text, {}, tmp_path)
    (install,) = outcome.instructions[1].commands
    assert (outcome.rung, {p.role for p in install.packages}) == ("unchanged", {"run", "both"})


REMOVED = """FROM node:22-alpine
WORKDIR /app
COPY . .
RUN apk add --no-cache --virtual .build make g++ && npm install && apk del .build
CMD ["node", "index.js"]
"""


def test_one_reason_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import flask\n")
    text = BROUGHT.replace("libpq-dev", "gcc libpq-dev").replace("-r /requirements.txt", "flask")
    outcome = pipeline.rewrite(text, tmp_path, options=Options(single_stage=True))
    packages = [p for v in outcome.instructions for c in v.commands for p in c.packages]
    assert [len(p.reasons) for p in packages] == [1, 1]


def test_packages_that_are_removed_in_their_run(tmp_path: Path) -> None:
    install = outcome_of(REMOVED, NODE, tmp_path).instructions[3].commands[0]
    assert (install.role, {p.role for p in install.packages}) == ("build", {"build"})


TWICE = """FROM debian:12
RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
COPY . /src
WORKDIR /app
RUN gcc -o /app/a /src/a.c
RUN chown -R 1000 /app
CMD ["/app/a"]
"""
BUILDER = TWICE.replace("debian:12", "debian:12 AS builder").rpartition("CMD")[0]
ALL_BUILT = ["2.0 b", "2.1 b", "2.2 b", "3.0 b", "3.1 b", "3.2 b", "4.0 b", "5.0 b", "6.0 b", "7.0 b"]


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        pytest.param("", ALL_BUILT, id="nothing is repeated"),
        pytest.param("RUN apt-get update && apt-get install -y git\n", ["2.0 bf"], id="a new install"),
        pytest.param("COPY --from=builder /app/a /bin/a\n", [], id="a copy to another place"),
        pytest.param("COPY --from=builder /app /app\n", [], id="a WORKDIR comes with a copied tree"),
        pytest.param(
            "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
            ["3.0 bf", "3.1 bf", "3.2 bf"],
            id="of equal commands, those beside another one that is repeated",
        ),
        pytest.param(
            "RUN apt-get update && apt-get install -y libc6 curl && rm -rf /var/lib/apt/lists/*\n",
            ["3.0 bf", "3.1 bf", "3.2 bf"],
            id="an install with another package",
        ),
        pytest.param("RUN chown 1000 /app\n", ["7.0 bf"], id="another option"),
        pytest.param("COPY a.c /src/\n", ["4.0 bf"], id="a part of the files"),
        pytest.param('CMD ["/bin/a"]\n', ["8.0 f"], id="another start command"),
    ],
)
def test_where_a_plan_executes_steps(final: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int main() { return 0; }\n")
    program = classify(parse(TWICE.encode()), scan(tmp_path), "Dockerfile", Options(), None)
    new = program.executed(
        parse(f"{BUILDER}FROM debian:12-slim\nCOPY --from=builder /x /x\n{final}".encode())
    )
    found = execution(program.machine, new)
    short = {"build": "b", "run": "f", "both": "bf"}
    rows = [f"{i + 1}.{a} {short[role]}" for (i, a), role in sorted(found.steps.items())]
    kept = [row for row in ALL_BUILT if row + "f" not in expected]
    assert [row for row in rows if not row.endswith(" ")] == sorted([*kept, *(expected if final else [])])


def test_a_stage_that_is_mounted_belongs_to_the_build(tmp_path: Path) -> None:
    text = "FROM golang:1.22 AS b\nRUN go version\nFROM debian\nRUN --mount=from=b,target=/b cp /b/x /x\n"
    assert roles(outcome_of(text, {}, tmp_path))[:2] == ["1 build", "2 build go=build"]


AGAIN = """FROM debian:12
WORKDIR /app
USER app
RUN chown -R app /app
USER root
RUN chown -R app /app
RUN chmod -R o-w /app
USER app
"""


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        pytest.param("USER app\n", [3], id="the first of equal ones"),
        pytest.param("USER root\nRUN chown app /app\nUSER app\n", [5, 6, 8], id="those that follow"),
        pytest.param("RUN chmod o-w /app\n", [7], id="another program at the same path"),
    ],
)
def test_equal_steps_follow_the_order_of_the_file(final: str, expected: list[int], tmp_path: Path) -> None:
    program = classify(parse(AGAIN.encode()), scan(tmp_path), "Dockerfile", Options(), None)
    text = f"{AGAIN.replace('debian:12', 'debian:12 AS b')}FROM debian:12\nCOPY --from=b /x /x\n{final}"
    found = execution(program.machine, program.executed(parse(text.encode())))
    assert [
        index + 1 for (index, _), role in sorted(found.steps.items()) if role in ("run", "both")
    ] == expected
