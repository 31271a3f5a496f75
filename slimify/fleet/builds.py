"""Builds and compares the images of rewritable Dockerfiles, and adds the results to their rows."""

from __future__ import annotations

import os
import time

from msgspec import Struct
from msgspec.structs import replace

from slimify.app.failures import ENGINE_ERROR
from slimify.app.prove import ProofOptions, silent_listeners
from slimify.app.rewrite import rewrite_files
from slimify.fleet.rows import (
    Row,
    RowSettings,
    clone,
    error_text,
    outcome_row,
    process_died_error,
    target,
    timeout_error,
)
from slimify.fleet.time_limit import TimeLimitError, time_limit
from slimify.fleet.work_items import WorkItem, stable_choice
from slimify.lint.findings import difference
from slimify.model.errors import SlimifyError
from slimify.verify.model import Proof

_BUILDS = 10  # a proof may take this many times the limit of one build; beyond that it hangs
_GRACE = 90  # seconds for an engine to clean up


class ScanBuilds(Struct, frozen=True, kw_only=True):
    """How images are built and compared. `number`: Dockerfiles at a time; `builders`: buildx builders among
    which repositories are distributed (default: buildx's current one); `again`: retry failed builds."""

    proving: ProofOptions
    number: int = 1
    again: bool = False
    builders: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """The options that a proof depends on: proofs with the same value are comparable."""
        proving = self.proving
        engine = ("--engine", proving.engine) if proving.engine else ()
        return " ".join(
            ("--verify", *["--repair"] * proving.repair, *["--no-run"] * (not proving.run), *engine)
        )


class BuildItem(Struct, frozen=True):
    """A work item with the rows of its Dockerfiles to build."""

    item: WorkItem
    rows: tuple[Row, ...]


def is_due(row: Row, builds: ScanBuilds) -> bool:
    """Whether the Dockerfile of `row` is rewritten and has no proof with the current options yet."""
    rewritten, proof = bool(row["outcome"] == "rewritten"), row["proof"]
    if not rewritten or proof is None:
        return rewritten
    return bool(proof["by"] != builds.by or (builds.again and proof["verdict"] == "not built"))


def built_rows(due: BuildItem, row_settings: RowSettings, builds: ScanBuilds) -> list[Row]:
    """The rows after building. If the environment prevented a build, the old row with the reason: it is
    still due."""
    if builds.builders:
        build = replace(builds.proving.build, builder=stable_choice(builds.builders, due.item))
        builds = replace(builds, proving=replace(builds.proving, build=build))
    if due.item.file:
        return [_built_row(row, due.item.file, due.item, row_settings, builds) for row in due.rows]
    try:
        with clone(due.item) as directory:
            return [
                _built_row(row, os.path.join(directory, row["file"]), due.item, row_settings, builds)
                for row in due.rows
            ]
    except SlimifyError as error:
        return [_with_reason(row, error_text(error)) for row in due.rows]


def process_died_rows(due: BuildItem, builds: ScanBuilds) -> list[Row]:
    """The rows of Dockerfiles whose builds killed the worker."""
    return [_with_proof(row, builds, "not built", 0, error_text(process_died_error())) for row in due.rows]


def _built_row(row: Row, path: str, item: WorkItem, row_settings: RowSettings, builds: ScanBuilds) -> Row:
    start = time.monotonic()
    limit = int(_BUILDS * builds.proving.build.timeout)
    try:
        with time_limit(limit, _GRACE):
            todo = [(target(path), None)]
            ((_, outcome, proof),) = rewrite_files(
                todo, None, row_settings.given, builds.proving, silent_listeners
            )
    except TimeLimitError:
        return _with_proof(row, builds, "not built", limit, error_text(timeout_error(limit)))
    if outcome.error is not None and outcome.error.code == ENGINE_ERROR:
        return _with_reason(row, error_text(outcome.error))
    fresh = {**outcome_row(item, row["file"], outcome, row_settings), "seconds": row["seconds"]}
    return fresh if proof is None else _with_sizes(fresh, builds, proof, time.monotonic() - start)


def _with_sizes(row: Row, builds: ScanBuilds, proof: Proof, seconds: float) -> Row:
    """The row with measured sizes: equal images count with the measured saving, different ones with none,
    images that were not built with the estimate."""
    why = proof.problem
    if proof.before is not None and proof.after is not None:
        row = {**row, "original": proof.before.disk}
        if proof.verdict == "equal":
            row |= {"saving": proof.before.disk - proof.after.disk, "measured": True}
            why = "the measured saving is below --min-saving" if proof.saves_too_little else ""
    if proof.verdict == "different":
        why, row = why or difference(proof), {**row, "saving": 0}
    return _with_proof(row, builds, proof.verdict, seconds, why)


def _with_proof(row: Row, builds: ScanBuilds, verdict: str, seconds: float, why: str) -> Row:
    proof = {"verdict": verdict, "seconds": round(seconds, 1), "by": builds.by}
    return _with_reason({**row, "proof": proof}, why)


def _with_reason(row: Row, why: str) -> Row:
    """The row with `why` as its first reason."""
    return {**row, "reasons": [why, *(text for text in row["reasons"] if text != why)]} if why else row
