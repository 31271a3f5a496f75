"""Seconds of building the original and the rewritten file: from nothing, and after one changed source line.

    python tests/bench/bench_rebuild.py [CASE...]

CASE is a directory of golden/; without any, one of each language and one that is cleaned in place. Needs a
container engine and the base images. Prints a table; no test. A rewritten file should need no more after a
change than the original did: what is rebuilt is what stands behind the first COPY that brings the line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from slimify import proofs
from slimify.locate import Target

ROOT = Path(__file__).resolve().parents[2]
CASES = ("go-plain", "node-plain-npm", "node-typescript", "py-requirements", "py-pip-cache")


def main() -> None:
    print(f"{'':24} {'cold, s':>15}   {'one line later, s':>17}   verdict")
    wishes = proofs.Wishes(timed=True)
    for case in sys.argv[1:] or CASES:
        path = ROOT / "golden" / case / "input" / "Dockerfile"
        target = Target(name=str(path), path=path)
        _, outcome, proof = proofs.proven((target, None), None, {}, wishes, proofs.silent())
        if proof is None or not proof.times:
            why = outcome.error.message if outcome.error else proof.problem if proof else outcome.kind
            print(f"{case:24} not built: {why}")
            continue
        old, new = proof.times["original"], proof.times["rewritten"]
        cold, changed = (f"{a or 0:.1f} → {b or 0:.1f}" for a, b in _pairs(old, new))
        print(f"{case:24} {cold:>15}   {changed:>17}   {proof.verdict}")


def _pairs(old: object, new: object) -> list[tuple[float | None, float | None]]:
    return [(getattr(old, name), getattr(new, name)) for name in ("cold", "changed")]


if __name__ == "__main__":
    main()
