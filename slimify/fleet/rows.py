"""The rows of a work item. Failures become rows, too."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from msgspec import Struct, field

from slimify import __version__, config
from slimify.app import dockerfiles, locate
from slimify.app.failures import failed
from slimify.context.scan import Contexts
from slimify.fleet.time_limit import TimeLimitError, time_limit
from slimify.fleet.work_items import WorkItem
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.publish.git_process import forge_tokens, run_git
from slimify.publish.remote import without_login
from slimify.report.diff import diff

SCHEMA = 1
NO_DOCKERFILE, CLONE_FAILED, TOO_LONG, DIED = "SL907", "SL908", "SL909", "SL910"
_CLONE_SECONDS = 600
_REASONS = 20
_GRACE = 20  # seconds for code that ignores the alarm; then the process is terminated

_SHARED: Contexts = {}  # of this worker; its next Dockerfile often is of the same repository

Row = dict[str, Any]


class RowSettings(Struct, frozen=True, kw_only=True):
    """Settings for each Dockerfile: overridden options, the time limit in seconds, what a search skips."""

    overrides: dict[str, object] = field(default_factory=dict)
    seconds: int = 300
    exclude: tuple[str, ...] = ()

    @property
    def given(self) -> dict[str, object]:
        """The overridden options, for repositories of strangers."""
        return {**config.STRANGERS, **self.overrides}

    @property
    def by(self) -> str:
        """Version and options: rows with the same value are comparable."""
        return shlex.join(("slimify", __version__, *config.words(self.overrides)))


def estimated_rows(item: WorkItem, row_settings: RowSettings) -> list[Row]:
    """The rows of a work item, at least one, with estimated sizes. Nothing is built."""
    if item.file == ".":
        return [no_dockerfile_row(item, row_settings)]
    if item.file:
        return [_row(item, item.file, item.file, row_settings)]
    try:
        with clone(item) as directory:
            try:
                targets = locate.targets(directory, row_settings.exclude)
            except SlimifyError:
                return [no_dockerfile_row(item, row_settings)]
            return [_row(item, t.name, os.path.relpath(t.name, directory), row_settings) for t in targets]
    except SlimifyError as error:
        return [_failed(item, "", error, "failed", row_settings)]


def no_dockerfile_row(item: WorkItem, row_settings: RowSettings) -> Row:
    """The row of a repository without a Dockerfile."""
    return _failed(
        item, "", SlimifyError(NO_DOCKERFILE, "no Dockerfile in this repository"), "absent", row_settings
    )


def process_died_rows(item: WorkItem, row_settings: RowSettings) -> list[Row]:
    """The row of a work item that killed its worker."""
    return [_failed(item, item.file, process_died_error(), "failed", row_settings)]


def process_died_error() -> SlimifyError:
    return SlimifyError(DIED, "the process died: it ran out of memory or time, or crashed")


@contextmanager
def clone(item: WorkItem) -> Iterator[str]:
    """A temporary directory with a clone of the repository. Raises SlimifyError if cloning fails."""
    with tempfile.TemporaryDirectory(prefix="slimify-") as directory:
        words = ("clone", "--quiet", "--depth=1", "--template=", "--", item.repository, directory)
        variables = {"GIT_LFS_SKIP_SMUDGE": "1", **forge_tokens()}  # for the user's credential helpers
        try:
            done = run_git(words, Path(), variables, timeout=_CLONE_SECONDS)
        except OSError as error:
            raise SlimifyError(CLONE_FAILED, f"git clone: {error.strerror}") from error
        except TimeoutExpired as error:
            raise SlimifyError(CLONE_FAILED, f"git clone: not finished after {_CLONE_SECONDS} s") from error
        if done.returncode:
            last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
            raise SlimifyError(CLONE_FAILED, f"git clone: {without_login(last)}")
        yield directory


# --- one Dockerfile -----------------------------------------------------------------------------


def _row(item: WorkItem, path: str, name: str, row_settings: RowSettings) -> Row:
    start = time.process_time()
    try:
        with time_limit(row_settings.seconds, _GRACE):
            todo = [(target(path), None)]
            ((_, outcome),) = dockerfiles.outcomes(todo, None, row_settings.given, shared=_SHARED)
    except TimeLimitError:
        outcome = failed(name, timeout_error(row_settings.seconds))
    return {
        **outcome_row(item, name, outcome, row_settings),
        "seconds": round(time.process_time() - start, 3),
    }


def target(path: str) -> locate.Target:
    return locate.Target(name=path, path=Path(path))


def timeout_error(seconds: int) -> SlimifyError:
    return SlimifyError(TOO_LONG, f"not finished after {seconds} s")


def outcome_row(item: WorkItem, name: str, outcome: Outcome, row_settings: RowSettings) -> Row:
    """The row of an outcome, without a proof."""
    estimate = outcome.estimate
    reasons = [f"{d.code}: {d.text}" for d in outcome.decisions]
    if outcome.error is not None:
        reasons = [error_text(outcome.error)]
    return {
        "schema": SCHEMA,
        "by": row_settings.by,
        "repository": item.name,
        "file": name,
        "key": item.key,
        "outcome": outcome.kind,
        "language": outcome.language,
        "unsupported": outcome.unsupported,
        "rung": outcome.rung,
        "original": estimate.original if estimate is not None else None,
        "saving": estimate.saving if estimate is not None else 0,
        "measured": estimate is not None and estimate.measured,
        "proof": None,
        "codes": [d.code for d in outcome.decisions],
        "reasons": [*reasons[:_REASONS], *outcome.warnings],
        "diff": diff(outcome, outcome.file.removesuffix(name)),
        "seconds": 0.0,
    }


def error_text(error: SlimifyError) -> str:
    return f"{error.code}: {error.message}"


def _failed(item: WorkItem, name: str, error: SlimifyError, kind: str, row_settings: RowSettings) -> Row:
    return {**outcome_row(item, name, failed(name, error), row_settings), "outcome": kind}
