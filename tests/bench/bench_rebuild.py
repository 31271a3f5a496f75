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

from slimify import pipeline
from slimify.config import MinSaving, Options, parse_min_saving
from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, EngineProblem
from slimify.verify import measurements
from slimify.verify.model import Times
from slimify.verify.probes import Probe
from slimify.verify.proof_request import proof_request

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
_TITLES = ("case", "rung", "cold, s", "one line later, s", "RUN steps then")


def main() -> None:
    print(f"| {' | '.join(_TITLES)} |\n|{' --- |' * len(_TITLES)}", flush=True)
    with detect() as engine:
        for name in sys.argv[1:] or CASES:
            print(f"| {name} | {_row(engine, GOLDEN / name)} |", flush=True)


def _row(engine: Engine, directory: Path) -> str:
    path, context = directory / "input" / "Dockerfile", directory / "input"
    options = _options(tomllib.loads((directory / "case.toml").read_text("utf-8")).get("args", []))
    outcome = pipeline.rewrite(path.read_bytes(), context, name=str(path), options=options)
    if outcome.after is None:
        return outcome.kind
    subject = proof_request(
        path.read_bytes(),
        name=str(path),
        context=context,
        options=options,
        probe=Probe(),
        build=BuildOptions(),
        timed=True,
    )
    ignore = outcome.ignore.after.encode() if outcome.ignore else None
    try:
        times = measurements.build_times(engine, subject, (outcome.after.encode(), ignore), {}, None)
    except EngineProblem as problem:
        return f"not built: {problem.message}"
    return " | ".join((outcome.rung, *_cells(times["original"], times["rewritten"])))


def _options(args: list[str]) -> Options:
    """What of a case's arguments decides how its file is written."""
    least = parse_min_saving(args[args.index("--min-saving") + 1]) if "--min-saving" in args else MinSaving()
    return Options(single_stage="--single-stage" in args, min_saving=least)


def _cells(old: Times, new: Times) -> tuple[str, ...]:
    seconds = [f"{a or 0:.1f} → {b or 0:.1f}" for a, b in ((old.cold, new.cold), (old.changed, new.changed))]
    return (*seconds, f"{old.rebuilt} → {new.rebuilt}")


if __name__ == "__main__":
    main()
