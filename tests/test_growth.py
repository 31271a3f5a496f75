"""Hostile shapes: what slimify does grows with the length of a file, and its memory with what is read.

Each shape is measured at n, 2n and 4n: by the calls of functions, which no other load changes, and by the
time of the processor, for what a single call does to a long text. From 2n to 4n, a file grows twice as much
as from n to 2n; work that is linear does, too, and quadratic work four times as much.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support import calls_of, invoke, slowness

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.syntax.dockerfile.checks import MOST_STAGES

OPTIONS = Options(min_saving=MinSaving(percent=0, bytes=0))
FROM = "FROM python:3.12\n"
COPIED = FROM + "WORKDIR /app\nCOPY . .\n"
FLASK = {"requirements.txt": "flask\n", "app.py": "import flask\n"}
PYTHON = COPIED + 'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
MAKE = COPIED + "RUN make all\n"
BASH = FROM + 'SHELL ["/bin/bash", "-c"]\n'
SERVER = (
    'package main\n\nimport "net/http"\n\nfunc main() { http.Handle("/", http.FileServer(http.Dir("s"))) }\n'
)
GO = 'FROM golang:1.22\nWORKDIR /a\nCOPY . .\nRUN go build -o /a .\nCMD ["/a"]\n'
NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nCMD ["node", "a.js"]\n'

Files = Mapping[str, str]
Shape = Callable[[int], Files | str]


def each(text: str, number: int) -> str:
    """The text once for each number, which takes the place of #; @ is the number before it."""
    return "".join(text.replace("#", str(i)).replace("@", str(i - 1)) for i in range(1, number))


SHAPES: dict[str, tuple[int, Shape]] = {
    "ARG doubled": (20, lambda n: FROM + "ARG A0=x\n" + each("ARG A#=$A@$A@\n", n) + f"RUN echo $A{n - 1}\n"),
    "ENV doubled": (20, lambda n: FROM + "ENV A=x\n" + "ENV A=$A$A\n" * n + "RUN echo $A\n"),
    "shell variables doubled": (
        20,
        lambda n: FROM + "RUN A0=x" + each(" && A#=$A@$A@", n) + f" && echo $A{n - 1}\n",
    ),
    "exported variables doubled": (
        20,
        lambda n: FROM + "RUN A=x" + " && export A=$A$A" * n + " && echo $A\n",
    ),
    "printed values doubled": (20, lambda n: FROM + "RUN A=x" + " && A=$(echo $A $A)" * n + " && echo $A\n"),
    "global ARG doubled": (
        20,
        lambda n: "ARG A=x\n" + "ARG A=$A$A\n" * n + FROM + "ARG A\nRUN echo $A\n",
    ),
    "ARG that grows": (80, lambda n: FROM + "ARG A=x\n" + "ARG A=${A}x\n" * n + "RUN echo $A\n"),
    "ENV that grows": (80, lambda n: FROM + "ENV A=x\n" + "ENV A=${A}x\n" * n + "RUN echo $A\n"),
    "PATH that grows": (150, lambda n: FROM + each("ENV PATH=$PATH:/opt/a#\n", n) + "RUN echo a\n"),
    "chain of global ARGs": (
        150,
        lambda n: "ARG A0=x\n" + each("ARG A#=$A@\n", n) + FROM + each("ARG A#\n", n) + "RUN echo a\n",
    ),
    "variables of arguments": (
        150,
        lambda n: FROM + each("ARG A#=x\nENV B#=$A#\n", n) + "RUN echo $B1\n",
    ),
    "variables of one argument": (
        150,
        lambda n: FROM + "ARG A\n" + each("ENV B#=$A\n", n) + "RUN echo $B1\n",
    ),
    "variables": (150, lambda n: FROM + each("ENV A#=x\n", n) + "RUN echo $A1\n"),
    "nested defaults": (300, lambda n: FROM + "ARG A=" + "${B:-" * n + "x" + "}" * n + "\nRUN echo $A\n"),
    "COPY of many": (
        150,
        lambda n: (
            {f"a{i}": "x" for i in range(n)}
            | {"Dockerfile": f"{FROM}COPY {' '.join(f'a{i}' for i in range(n))} /x/\nRUN make\n"}
        ),
    ),
    "many COPYs": (
        100,
        lambda n: (
            {f"a{i}": "x" for i in range(n)} | {"Dockerfile": FROM + each("COPY a# /x/\n", n) + "RUN make\n"}
        ),
    ),
    "WORKDIR": (400, lambda n: FROM + "WORKDIR a\n" * n + "RUN pip install x\n"),
    "cd": (50, lambda n: FROM + "RUN " + "cd a && " * n + "pip install x\n"),
    "mkdir and cd": (150, lambda n: FROM + "RUN " + "mkdir a && cd a && " * n + "pip install x\n"),
    "CRLF": (
        200,
        lambda n: (FROM + "RUN a \\\n" + "# b\n && pip install x \\\n" * n + " && b\n").replace("\n", "\r\n"),
    ),
    "heredocs": (80, lambda n: FROM + "RUN <<EOF\npip install x\nEOF\n" * n),
    "heredocs of one RUN": (80, lambda n: FROM + "RUN" + each(" <<E#", n) + "\n" + each("make\nE#\n", n)),
    "heredocs of one COPY": (80, lambda n: FROM + "COPY" + each(" <<E#", n) + " /x/\n" + each("a\nE#\n", n)),
    "heredocs in a heredoc": (60, lambda n: FROM + "RUN <<EOF\n" + each("cat >a# <<X\nb\nX\n", n) + "EOF\n"),
    "comments": (5_000, lambda n: FROM + "# a comment\n" * n + "RUN pip install x\n"),
    "conditions": (30, lambda n: FROM + "RUN " + "if a; then B=1; else B=2; fi; " * n + "pip install $B\n"),
    "nested conditions": (60, lambda n: FROM + "RUN " + "if a; then " * n + "make; " + "fi; " * n + "true\n"),
    "nested loops": (
        5,
        lambda n: FROM + "RUN " + each("for a# in 1 2 3; do ", n) + "make; " + "done; " * (n - 1) + "true\n",
    ),
    "brace expansions": (5, lambda n: BASH + "RUN mkdir -p " + "{a,b}" * n + "\n"),
    "nested brace expansions": (60, lambda n: BASH + "RUN mkdir -p " + "{a," * n + "}" * n + "\n"),
    "shortened values": (60, lambda n: FROM + "RUN A=" + "a" * 8 * n + " && echo ${A##*a*a*a*b} && make\n"),
    "stages": (15, lambda n: "FROM python:3.12 AS s0\n" + each("FROM s@ AS s#\nRUN pip install x#\n", n)),
    "files that double": (
        20,  # beyond the length up to which contents are put together
        lambda n: FROM + "RUN echo x > /a0\n" + each("RUN cat /a@ /a@ > /a#\n", n) + f"CMD sh /a{n - 1}\n",
    ),
    "ignore patterns": (
        100,
        lambda n: (
            {f"d{i}/f": "" for i in range(50)}
            | FLASK
            | {"Dockerfile": PYTHON, ".dockerignore": "*\n" + each("!a#/**/b*\n", n)}
        ),
    ),
    "stars of an ignore pattern": (
        50,
        lambda n: FLASK | {"a" * 200: "", "Dockerfile": PYTHON, ".dockerignore": "*a" * n},
    ),
    "Makefile that includes itself": (
        20,
        lambda n: {"Dockerfile": MAKE, "Makefile": "include Makefile\n" * n + "all:\n\techo\n"},
    ),
    "variables of make": (
        10,
        lambda n: {
            "Dockerfile": MAKE,
            "Makefile": "A0=x\n" + each("A#=$(A@)$(A@)\n", n) + f"all:\n\techo $(A{n - 1})\n",
        },
    ),
    "targets of make": (
        15,
        lambda n: {
            "Dockerfile": MAKE,
            "Makefile": f"all: t{n - 1}\n" + each("t#: t@ u@\n\techo\nu#: t@ u@\n\techo\n", n),
        },
    ),
    "npm scripts": (
        10,
        lambda n: {
            "Dockerfile": NODE,
            "package.json": '{"scripts": {"build": "npm run s'
            + f'{n - 1}"'
            + each(', "s#": "npm run s@ && npm run s@"', n)
            + "}}",
        },
    ),
    "assets": (
        50,
        lambda n: (
            {
                "Dockerfile": GO,
                "go.mod": "module x\n\ngo 1.22\n",
                "main.go": SERVER,
                "s/index.html": each("<img src=a#.png>", n),
            }
            | {f"s/a{i}.png": "x" for i in range(n)}
        ),
    ),
    "unclosed tags": (
        200,
        lambda n: {
            "Dockerfile": GO,
            "go.mod": "module x\n\ngo 1.22\n",
            "main.go": SERVER,
            "s/index.html": "<img " * n,
            "s/a.css": "url(" * n,
            "s/a.js": "import " * n,
        },
    ),
    "aliases of YAML": (
        5,
        lambda n: (
            FLASK
            | {
                "Dockerfile": PYTHON,
                "compose.yaml": "x0: &x0 [a]\n"
                + each("x#: &x# [*x@, *x@, *x@]\n", n)
                + f"services: {{a: {{build: ., command: *x{n - 1}}}}}\n",
            }
        ),
    ),
}


def measured(shape: Shape, n: int, directory: Path) -> tuple[int, float]:
    """The calls of functions, and the seconds of the processor, that the shape takes."""
    made = shape(n)
    files = {"Dockerfile": made} if isinstance(made, str) else made
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, newline="")

    def work() -> None:
        source = files["Dockerfile"].encode()
        outcome = pipeline.rewrite(source, name="Dockerfile", context=directory, options=OPTIONS)
        assert outcome.error is None

    re.purge()  # else it depends on the tests before which of its 512 patterns are compiled again
    start = time.process_time()
    return calls_of(work), time.process_time() - start


@pytest.mark.parametrize("name", SHAPES)
def test_growth(tmp_path: Path, name: str) -> None:
    n, shape = SHAPES[name]
    measured(shape, n + 1, tmp_path / "first")  # what is loaded once
    few, _ = measured(shape, n, tmp_path / "n")
    some, _ = measured(shape, 2 * n, tmp_path / "2n")
    many, seconds = measured(shape, 4 * n, tmp_path / "4n")
    assert many - some < 3 * max(some - few, 0) + 50_000, (few, some, many)
    assert seconds < 20 * slowness()


def test_stages_have_a_bound() -> None:
    """Each may build on all those before it, so that the work for them is not linear."""
    text = "FROM python:3.12 AS s0\nRUN echo > /a\n" + each(
        "FROM s@ AS s#\nCOPY --from=s@ /a /a\nRUN echo\n", MOST_STAGES
    )
    start = time.process_time()
    assert pipeline.rewrite(text.encode()).error is None
    assert time.process_time() - start < 20 * slowness()
    error = pipeline.rewrite(f"{text}FROM s1\n".encode()).error
    assert error is not None
    assert f"{MOST_STAGES + 1} stages" in error.message


@pytest.mark.parametrize("size", [20_000_000, 100_000_000])
def test_files_have_a_bound(tmp_path: Path, size: int) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.write(b"FROM python:3.12\n" + b"# a comment\n" * 100_000)
        file.truncate(size)
    start = time.process_time()
    result = invoke("rewrite", "Dockerfile", cwd=tmp_path)
    assert (result.code, "larger than 1 MB" in result.stderr) == (2, True)
    assert time.process_time() - start < 2 * slowness()
