"""One piece of work → rows, whatever goes wrong with it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from slimify import __version__, config
from slimify.app import dockerfiles, locate
from slimify.app.failures import failed
from slimify.fleet.limit import TooLongError, limit
from slimify.fleet.sources import Work
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome

SCHEMA = 1
NO_DOCKERFILE, CLONE_FAILED, TOO_LONG, DIED = "SL907", "SL908", "SL909", "SL910"
_CLONE_SECONDS = 600
_REASONS = 5
_GRACE = 20  # seconds for what ignores the alarm; then the process is ended

Row = dict[str, Any]


class How(Struct, frozen=True, kw_only=True):
    """How each Dockerfile is looked at. `seconds`: for one, at most."""

    overrides: dict[str, object] = field(default_factory=dict)
    seconds: int = 300

    @property
    def by(self) -> str:
        """What makes rows of two runs alike: version and options."""
        return shlex.join(("slimify", __version__, *config.words(self.overrides)))


def estimated(work: Work, how: How) -> list[Row]:
    """The rows of one piece of work: at least one. Nothing is built."""
    if work.file == ".":
        return [none(work, how)]
    if work.file:
        return [_row(work, work.file, work.file, how)]
    try:
        with clone(work) as directory:
            try:
                targets = locate.targets(directory)
            except SlimifyError:
                return [none(work, how)]
            return [_row(work, t.name, os.path.relpath(t.name, directory), how) for t in targets]
    except SlimifyError as error:
        return [_failed(work, "", error, "failed", how)]


def none(work: Work, how: How) -> Row:
    """The row of a repository without a Dockerfile."""
    return _failed(work, "", SlimifyError(NO_DOCKERFILE, "no Dockerfile in this repository"), "absent", how)


def died(work: Work, how: How) -> list[Row]:
    """The row of work that ended its process."""
    return [_failed(work, work.file, dead(), "failed", how)]


def dead() -> SlimifyError:
    return SlimifyError(DIED, "the process died: out of memory, of time, or by a crash")


@contextmanager
def clone(work: Work) -> Iterator[str]:
    """A directory that has the repository for as long as it is looked at. Raises SlimifyError."""
    with tempfile.TemporaryDirectory(prefix="slimify-") as directory:
        command = ["git", "clone", "--quiet", "--depth", "1", "--", work.repository, directory]
        quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
        try:
            done = subprocess.run(
                command, env=quiet, capture_output=True, timeout=_CLONE_SECONDS, check=False, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlimifyError(CLONE_FAILED, f"git clone: {error}") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise SlimifyError(CLONE_FAILED, f"git clone: {last}")
        yield directory


# --- one Dockerfile -----------------------------------------------------------------------------


def _row(work: Work, path: str, shown: str, how: How) -> Row:
    start = time.process_time()
    try:
        with limit(how.seconds, _GRACE):
            ((_, outcome),) = dockerfiles.outcomes("rewrite", [(target(path), None)], None, how.overrides)
    except TooLongError:
        outcome = failed(shown, too_long(how.seconds))
    return {**facts(work, shown, outcome, how), "seconds": round(time.process_time() - start, 3)}


def target(path: str) -> locate.Target:
    return locate.Target(name=path, path=Path(path))


def too_long(seconds: int) -> SlimifyError:
    return SlimifyError(TOO_LONG, f"not done after {seconds} s")


def facts(work: Work, shown: str, outcome: Outcome, how: How) -> Row:
    """The row of an outcome, of which nothing was built."""
    estimate = outcome.estimate
    reasons = [f"{d.code}: {d.text}" for d in outcome.decisions]
    if outcome.error is not None:
        reasons = [said(outcome.error)]
    return {
        "schema": SCHEMA,
        "by": how.by,
        "repository": work.repository,
        "file": shown,
        "key": work.key,
        "outcome": outcome.kind,
        "language": outcome.language,
        "rung": outcome.rung,
        "original": estimate.original if estimate is not None else None,
        "saving": estimate.saving if estimate is not None else 0,
        "measured": estimate is not None and estimate.measured,
        "proof": None,
        "codes": [d.code for d in outcome.decisions],
        "reasons": reasons[:_REASONS],
        "seconds": 0.0,
    }


def said(error: SlimifyError) -> str:
    return f"{error.code}: {error.message}"


def _failed(work: Work, shown: str, error: SlimifyError, kind: str, how: How) -> Row:
    return {**facts(work, shown, failed(shown, error), how), "outcome": kind}
