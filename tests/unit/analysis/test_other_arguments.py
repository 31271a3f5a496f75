"""A rewritten file holds for every value that files of the repository give a build argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline

PLAIN = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":80", nil) }\n'
CALLS = 'package main\n\nimport "os/exec"\n\nfunc main() { exec.Command("git", "gc").Run() }\n'
READS = PLAIN.replace('"net/http"', '(\n\t"net/http"\n\t"os"\n)').replace(
    "{ http", '{ os.ReadFile("pages/index.html"); http'
)
FILE = "FROM golang:1.24-bookworm\nARG {0}\nWORKDIR /src\nCOPY . .\nRUN go build -o {1} ./{2}\nCMD {3}\n"
SMALL = "gcr.io/distroless/base-debian12"
SERVICE = ("S", "/bin/run", "$S", '["run"]')
TARGET = ("T", "$T/run", "a", '["sh", "-c", "exec /opt/a/run"]')
# id: (the argument, the output, the package, the start, values in Compose, base of the last stage)
VALUES = {
    "one-program": (*SERVICE, ("a",), SMALL),
    "two-alike": (*SERVICE, ("a", "b"), SMALL),
    "one-needs-more": (*SERVICE, ("a", "calls"), "debian:bookworm-slim"),
    "one-reads-more": (*SERVICE, ("a", "reads"), SMALL),
    "instead-of-the-default": ("S=a", *SERVICE[1:], ("calls",), "debian:bookworm-slim"),
    "not-declared": ("OTHER", "/bin/run", "a", '["run"]', ("calls",), SMALL),
    "one-target": (*TARGET, ("/opt/a",), "debian:bookworm-slim"),
    "another-target": (*TARGET, ("/opt/a", "/opt/b"), ""),
    "another-than-the-default": ("T=/opt/a", *TARGET[1:], ("/opt/b",), ""),
    "a-target-that-nothing-passes": (*TARGET, (), ""),
    "a-target-with-a-default-alone": ("T=/opt/a", *TARGET[1:], (), "debian:bookworm-slim"),
    "a-target-that-only-a-build-knows": (*TARGET, ("/opt/a", "$X"), ""),
    "a-word-that-only-a-build-knows": ("S=1", "/bin/run", "a", '["run"]', ("${S:-2}",), SMALL),
}


@pytest.mark.parametrize("row", VALUES.values(), ids=VALUES)
def test_values_that_compose_passes(
    row: tuple[str, str, str, str, tuple[str, ...], str], tmp_path: Path
) -> None:
    argument, output, package, start, values, base = row
    services = (
        f'  s{n}: {{build: {{context: ., args: {{{argument[0]}: "{v}"}}}}}}' for n, v in enumerate(values)
    )
    files = {
        "compose.yml": "\n".join(("services:", *services)),
        "go.mod": "module example.com/x\n\ngo 1.24\n",
        "a/main.go": PLAIN,
        "b/main.go": PLAIN,
        "calls/main.go": CALLS,
        "reads/main.go": READS,
        "pages/index.html": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(FILE.format(argument, output, package, start), tmp_path)
    froms = [line for line in (outcome.after or "").splitlines() if line.startswith("FROM ")]
    assert ("COPY pages ./pages" in (outcome.after or "")) == ("reads" in values)
    assert froms[1:] == ([f"FROM {base}"] if base else []), [d.text for d in outcome.decisions]
