"""One piece of work → rows, whatever goes wrong with it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from slimify import jobs, locate
from slimify.fleet.sources import Work
from slimify.model import Outcome, SlimifyError

SCHEMA = 1
NO_DOCKERFILE, CLONE_FAILED, TOO_LONG, DIED = "SL907", "SL908", "SL909", "SL910"
_CLONE_SECONDS = 600
_REASONS = 5

Row = dict[str, Any]


def rows(work: Work, overrides: dict[str, object]) -> list[Row]:
    """The rows of one piece of work: at least one."""
    if not work.file:
        return _cloned(work, overrides)
    if work.file == ".":
        return [none(work)]
    return [_row(work, locate.Target(name=work.file, path=Path(work.file)), work.file, overrides)]


def none(work: Work) -> Row:
    """The row of a repository without a Dockerfile."""
    return _failed(work, "", SlimifyError(NO_DOCKERFILE, "no Dockerfile in this repository"), "absent")


def failure(work: Work, code: str, message: str) -> Row:
    """The row of work that could not be done."""
    return _failed(work, work.file, SlimifyError(code, message), "failed")


def _cloned(work: Work, overrides: dict[str, object]) -> list[Row]:
    """The rows of a repository that is cloned for as long as it is looked at."""
    with tempfile.TemporaryDirectory(prefix="slimify-") as directory:
        command = ["git", "clone", "--quiet", "--depth", "1", "--", work.repository, directory]
        quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
        try:
            done = subprocess.run(
                command, env=quiet, capture_output=True, timeout=_CLONE_SECONDS, check=False, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return [failure(work, CLONE_FAILED, f"git clone: {error}")]
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return [failure(work, CLONE_FAILED, f"git clone: {last}")]
        try:
            targets = locate.targets(directory)
        except SlimifyError:
            return [none(work)]
        return [_row(work, t, os.path.relpath(t.name, directory), overrides) for t in targets]


def _row(work: Work, target: locate.Target, shown: str, overrides: dict[str, object]) -> Row:
    start = time.process_time()
    ((_, outcome),) = jobs.outcomes("rewrite", [(target, None)], None, overrides)
    return {**_facts(work, shown, outcome), "seconds": round(time.process_time() - start, 3)}


def _facts(work: Work, shown: str, outcome: Outcome) -> Row:
    reasons = [f"{d.code}: {d.text}" for d in outcome.decisions]
    if outcome.error is not None:
        reasons = [f"{outcome.error.code}: {outcome.error.message}"]
    return {
        "schema": SCHEMA,
        "repository": work.repository,
        "file": shown,
        "key": work.key,
        "outcome": outcome.kind,
        "language": outcome.language,
        "rung": outcome.rung,
        "original": outcome.meta.get("original"),
        "saving": outcome.meta.get("saving", 0),
        "measured": outcome.meta.get("measured") is True,
        "codes": [d.code for d in outcome.decisions],
        "reasons": reasons[:_REASONS],
        "seconds": 0.0,
    }


def _failed(work: Work, shown: str, error: SlimifyError, kind: str) -> Row:
    outcome = Outcome(kind="failed", file=shown, error=error)
    return {**_facts(work, shown, outcome), "outcome": kind}
