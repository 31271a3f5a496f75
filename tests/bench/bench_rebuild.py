"""Building the original and the rewritten file: from nothing, and after one changed source line.

    python tests/bench/bench_rebuild.py [CASE...]

CASE is a directory of golden/; without any, at least two of each language, and some that are cleaned in
place. Needs a container engine and the base images. Prints a Markdown table; no test. Seconds are those of
one run; the RUN steps that the changed line executes again are counted: a rewritten file should execute no
more than the original did. What is rebuilt is what stands behind the first COPY that brings the line.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from slimify import proofs
from slimify.locate import Target
from slimify.verify.model import Proof

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CASES = (
    "go-plain",
    "go-templates",
    "node-plain-npm",
    "node-typescript",
    "py-requirements",
    "py-uvicorn",
    "py-pip-cache",
    "single-go-make",
    "single-node-prune",
    "single-py-build-packages",
)
_TITLES = ("case", "rung", "cold, s", "one line later, s", "RUN steps then", "size, MB")


def main() -> None:
    print(f"| {' | '.join(_TITLES)} |\n|{' --- |' * len(_TITLES)}", flush=True)
    for case in sys.argv[1:] or CASES:
        print(f"| {case} | {_row(case)} |", flush=True)


def _row(case: str) -> str:
    path = GOLDEN / case / "input" / "Dockerfile"
    values = tomllib.loads((GOLDEN / case / "case.toml").read_text("utf-8"))
    options: dict[str, object] = {"single_stage": "--single-stage" in values.get("args", ())}
    wishes = proofs.Wishes(timed=True, run=False)
    job = (Target(name=str(path), path=path), None)
    _, outcome, proof = proofs.proven(job, None, options, wishes, proofs.silent())
    if proof is None or not proof.times or proof.before is None or proof.after is None:
        why = outcome.error.message if outcome.error else proof.problem if proof else outcome.kind
        return f"not built: {why}"
    return " | ".join((outcome.rung, *_cells(proof)))


def _cells(proof: Proof) -> tuple[str, ...]:
    assert proof.before is not None
    assert proof.after is not None
    old, new = proof.times["original"], proof.times["rewritten"]
    seconds = [f"{a or 0:.1f} → {b or 0:.1f}" for a, b in ((old.cold, new.cold), (old.changed, new.changed))]
    size = f"{proof.before.disk / 1e6:.0f} → {proof.after.disk / 1e6:.0f}"
    return (*seconds, f"{old.rebuilt} → {new.rebuilt}", size)


if __name__ == "__main__":
    main()
