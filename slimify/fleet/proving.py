"""Rows of Dockerfiles that can be rewritten → the same with what building both images has shown."""

from __future__ import annotations

import os
import time

from msgspec import Struct
from msgspec.structs import replace

from slimify.app.failures import ENGINE_ERROR
from slimify.app.prove import ProofOptions, silent
from slimify.app.rewrite import rewrite_files
from slimify.fleet.limit import TooLongError, limit
from slimify.fleet.rows import How, Row, clone, dead, facts, said, target, too_long
from slimify.fleet.sources import Work, one_of
from slimify.lint.findings import difference
from slimify.model.errors import SlimifyError
from slimify.verify.model import Proof

_BUILDS = 10  # times the limit of one build: no proof takes as long that does not hang
_GRACE = 90  # seconds in which an engine removes what it made


class ScanBuilds(Struct, frozen=True, kw_only=True):
    """How images are built and compared. `number`: of Dockerfiles at a time; `builders`: those of buildx over
    which repositories are shared out, none: the one that buildx takes; `again`: what did not build is tried
    again."""

    proving: ProofOptions
    number: int = 1
    again: bool = False
    builders: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """What makes proofs of two runs alike."""
        proving = self.proving
        engine = ("--engine", proving.engine) if proving.engine else ()
        return " ".join(
            ("--verify", *["--repair"] * proving.repair, *["--no-run"] * (not proving.run), *engine)
        )


class Due(Struct, frozen=True):
    """Dockerfiles of one piece of work that are to be built, as their rows say."""

    work: Work
    rows: tuple[Row, ...]


def is_due(row: Row, builds: ScanBuilds) -> bool:
    """Whether there is anything to build that was not built yet, or not as it is asked for now."""
    rewritten, proof = bool(row["outcome"] == "rewritten"), row["proof"]
    if not rewritten or proof is None:
        return rewritten
    return bool(proof["by"] != builds.by or (builds.again and proof["verdict"] == "not built"))


def proven(due: Due, how: How, builds: ScanBuilds) -> list[Row]:
    """The rows anew. Where nothing could be built through nobody's fault, it is the old one with the reason,
    and still due."""
    if builds.builders:
        build = replace(builds.proving.build, builder=one_of(builds.builders, due.work))
        builds = replace(builds, proving=replace(builds.proving, build=build))
    if due.work.file:
        return [_proven(row, due.work.file, due.work, how, builds) for row in due.rows]
    try:
        with clone(due.work) as directory:
            return [
                _proven(row, os.path.join(directory, row["file"]), due.work, how, builds) for row in due.rows
            ]
    except SlimifyError as error:
        return [_with_reason(row, said(error)) for row in due.rows]


def died(due: Due, builds: ScanBuilds) -> list[Row]:
    """The rows of Dockerfiles whose builds ended the process."""
    return [_judged(row, builds, "not built", 0, said(dead())) for row in due.rows]


def _proven(row: Row, path: str, work: Work, how: How, builds: ScanBuilds) -> Row:
    start = time.monotonic()
    most = int(_BUILDS * builds.proving.build.timeout)
    try:
        with limit(most, _GRACE):
            todo = [(target(path), None)]
            ((_, outcome, proof),) = rewrite_files(todo, None, how.overrides, builds.proving, silent)
    except TooLongError:
        return _judged(row, builds, "not built", most, said(too_long(most)))
    if outcome.error is not None and outcome.error.code == ENGINE_ERROR:
        return _with_reason(row, said(outcome.error))
    fresh = {**facts(work, row["file"], outcome, how), "seconds": row["seconds"]}
    return fresh if proof is None else _measured(fresh, builds, proof, time.monotonic() - start)


def _measured(row: Row, builds: ScanBuilds, proof: Proof, seconds: float) -> Row:
    """What is equal counts by what it saves, what differs not at all, and what was not built as estimated."""
    why = proof.problem
    if proof.before is not None and proof.after is not None:
        row = {**row, "original": proof.before.disk}
        if proof.verdict == "equal":
            row |= {"saving": proof.before.disk - proof.after.disk, "measured": True}
            why = "the measured saving is below --min-saving" if proof.small else ""
    if proof.verdict == "different":
        why, row = why or difference(proof), {**row, "saving": 0}
    return _judged(row, builds, proof.verdict, seconds, why)


def _judged(row: Row, builds: ScanBuilds, verdict: str, seconds: float, why: str) -> Row:
    told = {"verdict": verdict, "seconds": round(seconds, 1), "by": builds.by}
    return _with_reason({**row, "proof": told}, why)


def _with_reason(row: Row, why: str) -> Row:
    """With a reason more in front; one that was there already is not repeated."""
    return {**row, "reasons": [why, *(text for text in row["reasons"] if text != why)]} if why else row
