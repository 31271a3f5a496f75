"""Repairs from end to end: programs that need what nobody can read out of their sources.

The planner is the real one; nothing tells it more than the files do. In one case the base image is
another than its name says: a planner that knew its C library would not choose the one it chooses.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.app.locate import find
from slimify.app.prove import Listeners, ProofOptions, prove_job
from slimify.config import load
from slimify.engine.model import BuildOptions
from slimify.model.outcome import Outcome
from slimify.report.proof import settings
from slimify.verify.model import Proof

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = 'FROM python:3.11\nENV CODEC=pq\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
GO = 'FROM {}\nWORKDIR /src\nCOPY . .\nRUN go build -o /usr/local/bin/program .\nCMD ["program"]\n'
MODULE = "module example.com/program\n\ngo 1.21\n"
# golang:1.24 under a name that promises the C library of bookworm
MISNAMED = "golang:1.24.90-bookworm"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A context; the code that has to be found, the settings that have to come of it, and the rung."""

    id: str
    files: Mapping[str, str]
    code: str
    settings: Mapping[str, object]
    rung: str
    marks: tuple[pytest.MarkDecorator, ...] = ()


CASES = [
    Case(
        id="a library whose name comes from the environment",
        files={
            "Dockerfile": SCRIPT,
            "app.py": """\
import ctypes
import os

library = ctypes.CDLL("lib" + os.environ["CODEC"] + ".so.5")
print("loaded", library.PQlibVersion() > 90000)
""",
        },
        code="SL550",
        settings={"keep-packages": ["libpq5"]},
        rung="slim",
        marks=(pytest.mark.ci,),
    ),
    Case(
        id="a release of setuptools that no file of the context names",
        files={
            "Dockerfile": """FROM python:3.11
RUN echo setuptools==75.8.0 > /tmp/list && pip install --no-cache-dir -r /tmp/list && rm /tmp/list
WORKDIR /app
COPY . .
CMD ["python", "app.py"]
""",
            "app.py": """from importlib import metadata

print([d.version for d in metadata.distributions() if d.name == "setuptools"])
""",
        },
        code="SL536",
        settings={"keep-packages": ["setuptools"]},
        rung="slim",
    ),
    Case(
        id="a command whose name is made in another module",
        files={
            "Dockerfile": SCRIPT,
            "tools.py": 'HISTORY = "".join(reversed("tig"))\n',
            "app.py": """\
import subprocess

import tools

print(subprocess.run([tools.HISTORY, "--version"], check=True, capture_output=True, text=True).stdout[:3])
""",
        },
        code="SL551",
        settings={"keep-packages": ["git"]},
        rung="slim",
    ),
    Case(
        id="a file whose name is put together",
        files={
            "Dockerfile": GO.format("golang:1.24"),
            "go.mod": MODULE,
            "README.md": "# Atlas\n\nRivers and lakes.\n",
            "main.go": """\
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	text, err := os.ReadFile(strings.ToUpper("readme") + "." + strings.ToLower("MD"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Print(string(text))
}
""",
        },
        code="SL552",
        settings={"keep-paths": ["/src/README.md"]},
        rung="minimal",
    ),
    Case(
        id="a C library that is newer than the base image's name says",
        files={
            "Dockerfile": GO.format(MISNAMED),
            "go.mod": MODULE,
            "main.go": """\
package main

// #define _GNU_SOURCE
// #include <stdlib.h>
import "C"

import "fmt"

func main() {
	fmt.Println(C.strtol(C.CString("42"), nil, 10))
}
""",
        },
        code="SL524",
        settings={"min-glibc": "2.38"},
        rung="same-base",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def misnamed() -> Iterator[None]:
    subprocess.run(["docker", "tag", "golang:1.24", MISNAMED], check=True)
    yield
    subprocess.run(["docker", "rmi", MISNAMED], check=True, capture_output=True)


def repaired(context: Path) -> tuple[Outcome, Proof]:
    proving = ProofOptions(build=BuildOptions(), repair=True)
    told = Listeners(lambda at: None, lambda turn: None)
    (job,) = find([str(context / "Dockerfile")])
    _, outcome, proof = prove_job(job, context, {}, proving, told)
    assert proof is not None, outcome.error
    return outcome, proof


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id, marks=c.marks) for c in CASES])
def test_it_is_found_and_mended(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).write_text(text)
    outcome, proof = repaired(tmp_path)
    assert case.code in {finding.code for finding in proof.rounds[0].findings}
    assert (proof.verdict, proof.problem) == ("equal", "")
    assert [turn.verdict for turn in proof.rounds] == ["different", "equal"]
    assert settings(proof.constraints) == case.settings
    assert outcome.rung == case.rung
    # the next rewrite knows without building
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in case.settings.items())
    (tmp_path / "slimify.toml").write_text("".join(lines))
    again = pipeline.rewrite(
        (tmp_path / "Dockerfile").read_bytes(),
        name=str(tmp_path / "Dockerfile"),
        context=tmp_path,
        options=load(tmp_path),
    )
    assert again.after == outcome.after
