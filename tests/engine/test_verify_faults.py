"""Faulty rewrites made on purpose: each is found by the layer that should find it, with what it needs.

The originals are ordinary; the rewrites are what a hasty hand writes. Every one is built; only those
that nothing but their behaviour gives away are started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from slimify.config import Options
from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions
from slimify.verify.model import Proof
from slimify.verify.probes import Probe
from slimify.verify.proof_request import ProofRequest, proof_request
from slimify.verify.session import Session

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@dataclass(frozen=True)
class Original:
    """A Dockerfile and the files of its context."""

    text: str
    files: Mapping[str, str]


SERVER = Original(
    """\
FROM python:3.11
ENV GREETING=hello
WORKDIR /srv
COPY . .
RUN chmod 755 start.sh && useradd --uid 1500 app
RUN mkdir /data && echo seed > /data/seed && chown -R app /data
VOLUME /data
EXPOSE 8000
USER app
ENTRYPOINT ["/srv/start.sh"]
CMD ["--quiet"]
""",
    {
        "server.py": """\
import http.server, os
PAGE = open("/srv/pages/index.html").read() + os.environ.get("GREETING", "")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE.encode())
    def log_message(self, *args):
        pass
print("serving", flush=True)
http.server.HTTPServer(("", 8000), Handler).serve_forever()
""",
        "pages/index.html": "welcome\n",
        "start.sh": '#!/bin/sh\nexec python server.py "$@"\n',
    },
)
# What a right rewrite looks like: faults are changes of it.
RIGHT = """\
FROM python:3.11 AS builder
WORKDIR /srv
COPY . .
RUN chmod 755 start.sh && mkdir /data && echo seed > /data/seed

FROM python:3.11-slim
ENV GREETING=hello
RUN useradd --uid 1500 app
WORKDIR /srv
COPY --from=builder /srv /srv
COPY --from=builder --chown=app:root /data /data
VOLUME /data
EXPOSE 8000
USER app
ENTRYPOINT ["/srv/start.sh"]
CMD ["--quiet"]
"""
VOLUME = "COPY --from=builder --chown=app:root /data /data\n"

SCRIPTS = Original(
    """\
FROM python:3.11
WORKDIR /app
COPY . .
COPY --chmod=755 tool /usr/local/bin/
CMD ["python", "app.py"]
""",
    {
        "templates/page.html": "page\n",
        "tool": "#!/usr/bin/make -f\nall:\n\t@echo done\n",
        "app.py": """\
import os, pathlib, subprocess
print(pathlib.Path("templates/page.html").read_text())
subprocess.run([os.environ.get("TOOL", "tig"[::-1]), "--version"])
""",
    },
)
SLIM_SCRIPTS = SCRIPTS.text.replace("python:3.11", "python:3.11-slim")

COMPILED = Original(
    """\
FROM buildpack-deps:trixie
COPY main.c /src/
RUN gcc -o /usr/local/bin/answer /src/main.c && gcc -Wl,--no-as-needed -o /usr/local/bin/ask /src/main.c -lpq
CMD ["answer"]
""",
    {
        "main.c": """\
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) { printf("%ld\\n", strtol(argc > 1 ? argv[1] : "42", 0, 10)); return 0; }
""",
    },
)


def compiled(base: str, *programs: str) -> str:
    """The programs copied onto another base image."""
    lines = COMPILED.text.replace("trixie\n", "trixie AS builder\n").partition("CMD")[0]
    copies = "".join(f"COPY --from=builder /usr/local/bin/{name} /usr/local/bin/\n" for name in programs)
    return f'{lines}\nFROM {base}\n{copies}CMD ["answer"]\n'


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`change` is replaced in the right rewrite, or `rewritten` is the whole file. `code` has to be
    among what `layer` finds, `needs` among what the next plan has to respect."""

    id: str
    layer: str
    code: str
    change: tuple[str, str] = ("", "")
    original: Original = SERVER
    rewritten: str = RIGHT
    needs: tuple[tuple[str, str], ...] = ()
    marks: tuple[pytest.MarkDecorator, ...] = field(default=())


FAULTS = [
    Fault(
        id="an ENV lost",
        layer="contract",
        code="SL511",
        change=("ENV GREETING=hello\n", ""),
        marks=(pytest.mark.ci,),
    ),
    Fault(id="a wrong user", layer="contract", code="SL510", change=("USER app", "USER nobody")),
    Fault(id="no user", layer="contract", code="SL510", change=("USER app\n", "")),
    Fault(
        id="an ENTRYPOINT that lost its CMD",
        layer="contract",
        code="SL510",
        change=('CMD ["--quiet"]\n', ""),
    ),
    Fault(id="a port lost", layer="contract", code="SL510", change=("EXPOSE 8000\n", "")),
    Fault(id="another id for the user", layer="disk", code="SL531", change=("--uid 1500", "--uid 1600")),
    Fault(
        id="a volume's content gone",
        layer="disk",
        code="SL530",
        change=(VOLUME, "RUN mkdir /data && chown app /data\n"),
        needs=(("path", "/data"),),
    ),
    Fault(
        id="an owner lost",
        layer="disk",
        code="SL528",
        change=(VOLUME, "COPY --from=builder /data /data\n"),
    ),
    Fault(
        id="a mode changed",
        layer="disk",
        code="SL520",
        change=("COPY --from=builder /srv /srv\n", "COPY . .\nRUN chmod 644 start.sh\n"),
        marks=(pytest.mark.ci,),
    ),
    Fault(
        id="a server that answers differently",
        layer="behaviour",
        code="SL541",
        change=("chmod 755 start.sh", "sed -i s/welcome/goodbye/ pages/index.html && chmod 755 start.sh"),
        marks=(pytest.mark.ci,),
    ),
    Fault(
        id="a file that does not build",
        layer="build",
        code="SL501",
        change=("COPY --from=builder /srv /srv\n", "COPY --from=builder /nowhere /srv\n"),
    ),
    Fault(
        id="a missing template directory",
        layer="disk",
        code="SL526",
        original=SCRIPTS,
        rewritten=SCRIPTS.text.replace("COPY . .", "COPY app.py ."),
        needs=(("path", "/app/templates/page.html"),),
    ),
    Fault(
        id="a script without its interpreter",
        layer="disk",
        code="SL521",
        original=SCRIPTS,
        rewritten=SLIM_SCRIPTS,
        needs=(("package", "make"),),
    ),
    Fault(
        id="a command that only run time names",
        layer="behaviour",
        code="SL551",
        original=SCRIPTS,
        rewritten=SLIM_SCRIPTS,
        needs=(("package", "git"),),
    ),
    Fault(
        id="a runtime library dropped",
        layer="disk",
        code="SL522",
        original=COMPILED,
        rewritten=compiled("debian:trixie-slim", "answer", "ask"),
        needs=(("package", "libpq5"),),
    ),
    Fault(
        id="a glibc too old",
        layer="disk",
        code="SL524",
        original=COMPILED,
        rewritten=compiled("debian:bookworm-slim", "answer"),
        needs=(("glibc", "2.38"),),
    ),
    Fault(
        id="no C library at all",
        layer="disk",
        code="SL523",
        original=COMPILED,
        rewritten=compiled("gcr.io/distroless/static-debian13", "answer"),
    ),
]

Prove = Callable[..., Proof]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with detect() as found:
        yield found
    assert found.leftovers == ()


@pytest.fixture(scope="module")
def prove(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prove]:
    """Proves a rewrite of an original, which is built once for all of its rewrites."""
    sessions: dict[str, Session] = {}
    sizes: dict[str, int] = {}

    def prove(original: Original, rewritten: str, *, start: bool) -> Proof:
        if original.text not in sessions:
            subject = _case(tmp_path_factory.mktemp("context"), original)
            sessions[original.text] = stack.enter_context(Session(engine, subject, sizes=sizes))
        session = sessions[original.text]
        session.case = replace(session.case, start=start)
        return session.prove(rewritten.encode())

    with ExitStack() as stack:
        yield prove


def _case(context: Path, original: Original) -> ProofRequest:
    for name, text in original.files.items():
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    return proof_request(
        original.text.encode(),
        name=str(context / "Dockerfile"),
        context=context,
        options=Options(),
        probe=Probe(),
        build=BuildOptions(),
    )


@pytest.mark.ci
def test_a_right_rewrite_is_equal(prove: Prove) -> None:
    proof = prove(SERVER, RIGHT, start=True)
    assert [finding.text for check in proof.checks if not check.ok for finding in check.findings] == []
    assert (proof.verdict, proof.problem, proof.scope) == ("equal", "", ())
    assert proof.before is not None
    assert proof.after is not None
    assert proof.after.disk < proof.before.disk / 4


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.id, marks=f.marks) for f in FAULTS])
def test_a_fault_is_found(prove: Prove, fault: Fault) -> None:
    old, new = fault.change
    assert old in fault.rewritten
    rewritten = fault.rewritten.replace(old, new) if old else fault.rewritten
    proof = prove(fault.original, rewritten, start=fault.layer == "behaviour")
    assert (proof.verdict, proof.problem) == ("different", "")
    findings = [(check.layer, item) for check in proof.checks for item in check.findings if not item.accepted]
    assert (fault.layer, fault.code) in {(layer, item.code) for layer, item in findings}, findings
    needs = {(need.need, need.value) for _, item in findings for need in item.constraints}
    assert set(fault.needs) <= needs


def test_an_original_that_does_not_build_is_said_to_be_that(prove: Prove) -> None:
    proof = prove(Original("FROM python:3.11\nRUN false\n", SERVER.files), RIGHT, start=True)
    assert proof.verdict == "not built"
    assert proof.problem.startswith("the original does not build with buildx: line 2: ")
    assert proof.log
