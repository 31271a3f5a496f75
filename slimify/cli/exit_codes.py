"""Exit codes, and the end of a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import typer

import slimify
from slimify.cli import console, terminal

if TYPE_CHECKING:
    from slimify import Grade, Outcome, Proof

DONE, DIFFERENT, USAGE, REFUSED, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 4, 130, 141
MEANINGS = {
    DONE: "Done, or nothing to do.",
    DIFFERENT: "`check` has a finding, `verify` or `rewrite --verify` a difference, "
    "or `analyze` an exceeded limit.",
    USAGE: "Wrong usage, a malformed Dockerfile, a missing or unreadable image; "
    "`pr`: no token, or a rejected one.",
    REFUSED: "Not a file that slimify changes, such as a template; "
    "`verify` and `check --verify`: the original does not build.",
    INTERNAL: "A file could not be written, the engine, git or the forge failed, or slimify has an error. "
    "The Dockerfile is unchanged.",
    INTERRUPTED: "Interrupted by Ctrl-C.",
    PIPE_CLOSED: "The reader of the output closed the pipe.",
}
_WORST = (INTERNAL, USAGE, REFUSED, DIFFERENT, DONE)


def worst(codes: list[int]) -> int:
    """The most severe of several codes."""
    return min(codes, key=_WORST.index)


def exit_code(outcome: Outcome) -> int:
    """The exit code for one outcome."""
    if outcome.error is not None:
        return INTERNAL if slimify.is_internal(outcome.error) else USAGE
    return REFUSED if outcome.kind == "refused" else DONE


def proof_code(outcome: Outcome, proof: Proof | None, fail_on: Grade = "breaks") -> int:
    """The exit code for one outcome with a proof. Differences from the grade `fail_on` on fail."""
    if proof is None or outcome.error is not None:
        return exit_code(outcome)
    if proof.is_as_bad_as(fail_on):
        return DIFFERENT
    return {"equal": DONE, "different": DIFFERENT, "not built": REFUSED}[proof.verdict]


def show_error(name: str, error: Exception) -> int:
    """Shows what went wrong with a file or a command, and returns the exit code for it."""
    failure = slimify.failed(name, error)
    console.show_failure(failure)
    return exit_code(failure)


def finish(job: Callable[[], int]) -> NoReturn:
    """Runs the job and exits with its code; handles Ctrl-C and a closed pipe."""
    try:
        code = job()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        terminal.drop_output()
        code = PIPE_CLOSED
    raise typer.Exit(code)
