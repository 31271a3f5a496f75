"""How a command ends: exit codes, and leaving with one also when the reader or the user has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import typer

import slimify

if TYPE_CHECKING:
    from slimify import Outcome, Proof

DONE, DIFFERENT, USAGE, REFUSED, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 4, 130, 141
_WORST = (INTERNAL, USAGE, REFUSED, DIFFERENT, DONE)


def worst(codes: list[int]) -> int:
    """The gravest of several."""
    return min(codes, key=_WORST.index)


def exit_code(outcome: Outcome) -> int:
    """The code for one file, or for one image that could not be read."""
    if outcome.error is not None:
        return INTERNAL if slimify.is_internal(outcome.error) else USAGE
    return REFUSED if outcome.kind == "refused" else DONE


def proof_code(outcome: Outcome, proof: Proof | None) -> int:
    """The same where the images were to be compared."""
    if proof is None or outcome.error is not None:
        return exit_code(outcome)
    return {"equal": DONE, "different": DIFFERENT, "not built": REFUSED}[proof.verdict]


def finish(job: Callable[[], int]) -> NoReturn:
    """Does the job and leaves with its exit code, also when the reader or the user has gone."""
    try:
        code = job()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # what is still buffered must not raise again when the interpreter closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    raise typer.Exit(code)
