"""Rows of a scan and proofs made by hand, for the pages that show them."""

from __future__ import annotations

from typing import Any

from slimify.model.outcome import Rewritten
from slimify.report.fleet.html import Page
from slimify.report.fleet.text import Tally
from slimify.verify.model import Check, Constraint, Finding, Layer, Proof, Sizes, Times

EVIL = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e{{ 7 * 7 }}"
DIFF = """\
--- Dockerfile
+++ Dockerfile
@@ -1,2 +1,4 @@
-FROM python:3.12
+FROM python:3.12 AS builder
 COPY . /app
"""


def row(repository: str, file: str = "Dockerfile", saving: int = 0, **values: Any) -> dict[str, Any]:
    return {
        "repository": repository,
        "file": f"{repository}/{file}",
        "outcome": "rewritten" if saving else "unchanged",
        "language": "python",
        "unsupported": None,
        "rung": "slim" if saving else "unchanged",
        "original": saving * 2 or 90_000_000,
        "saving": saving,
        "measured": False,
        "proof": None,
        "codes": ["SL301"],
        "reasons": ["SL301: the final stage starts from python:3.12-slim"],
        "diff": DIFF if saving else "",
        **values,
    }


FLEET = (
    row("shop", saving=500_000_000),
    row("shop", "web/Dockerfile", saving=900_000_000, language="node"),
    row("shop", "tests/Dockerfile", saving=950_000_000),
    row("mail", saving=700_000_000, measured=True, proof={"verdict": "equal"}),
    row("small"),
    row("java", language=None, unsupported="Java"),
    row("gone", outcome="failed", language=None, original=None, reasons=["SL908: git clone: no answer"]),
)


def fleet_page(*rows: dict[str, Any]) -> str:
    tally = Tally()
    with Page() as made:
        for one in rows:
            tally.add(one)
            made.add(one)
        return b"".join(made.parts(tally)).decode()


def check(name: str, *found: Finding, layer: Layer = "disk", detail: str = "as before") -> Check:
    return Check(name=name, layer=layer, detail=detail, findings=found)


def proof(*checks: Check, **values: Any) -> Proof:
    return Proof(file="Dockerfile", verdict="different", checks=checks, **values)


AFTER = "FROM python:3.12 AS builder\nCOPY . /app\n"
OUTCOME = Rewritten(file="Dockerfile", before="FROM python:3.12\nCOPY . /app\n", after=AFTER)
NEED = Constraint(need="package", value="libpq5")
LAYERS = (("RUN /bin/sh -c apt-get install gcc # buildkit", 900_000_000), ("COPY . . # buildkit", 1_000))
SIZES = Sizes(disk=1_100_000_000, compressed=400_000_000, files=9, packages=8, executables=7, layers=LAYERS)
SMALL = Sizes(disk=110_000_000, compressed=40_000_000, files=3, packages=2, executables=1, layers=LAYERS[1:])
EQUAL = Proof(
    file="Dockerfile",
    verdict="equal",
    checks=(check("build", layer="build"), check("GET /", layer="behaviour")),
    before=SIZES,
    after=SMALL,
    times={"original": Times(start=1.25), "rewritten": Times(start=1.0)},
)
MIXED = proof(
    check("links"),
    check(
        "libraries",
        Finding(code="SL511", text="a note", grade="cosmetic"),
        Finding(code="SL510", text="libpq.so.5 is missing", constraints=(NEED,)),
        Finding(code="SL511", text="git is gone", grade="may-matter"),
        Finding(code="SL511", text="a cache is gone", accepted=True),
    ),
    scope=("POST requests were not sent",),
    constraints=(NEED,),
    before=SIZES,
    after=SMALL,
    log="the end of a log",
)
UNBUILT = Proof(file="Dockerfile", verdict="not built", problem="the original does not build", log=EVIL)
