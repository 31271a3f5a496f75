"""Turns exceptions into failed outcomes with hints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from slimify.model.errors import SlimifyError
from slimify.model.outcome import Failed, Outcome

if TYPE_CHECKING:
    from slimify.engine.model import EngineProblem

ENGINE_ERROR, NO_MEMORY, INTERNAL_ERROR = "SL905", "SL910", "SL999"
_ENVIRONMENT = frozenset(
    {
        "SL902", "SL903",  # a file can't be written
        "SL915", "SL916", "SL917", "SL918",  # the forge: limits, outages, refusals; git
        ENGINE_ERROR, NO_MEMORY, INTERNAL_ERROR,
    }
)  # fmt: skip
_HINTS = {
    "missing": "install Docker, Podman or Buildah, or choose one with --engine",
    "unreachable": "is the engine running, and do you have permission to use it?",
    "disk": "free some space, for example with docker builder prune",
    "old": "update the engine, or choose another one with --engine",
}


def failed(name: str, error: Exception) -> Outcome:
    """The failed outcome of a file. With SLIMIFY_DEBUG=1, the traceback of an internal error is printed."""
    return Failed(file=name, error=_as_slimify_error(error))


def is_internal(error: SlimifyError) -> bool:
    """Whether the environment or slimify failed, rather than the input being wrong."""
    return error.code in _ENVIRONMENT


def engine_error(problem: EngineProblem) -> SlimifyError:
    """A failure of the container engine, with a hint."""
    return SlimifyError(ENGINE_ERROR, problem.message, hint=_HINTS.get(problem.kind, ""))


def _as_slimify_error(error: Exception) -> SlimifyError:
    from slimify.engine.model import EngineProblem

    if isinstance(error, SlimifyError):
        return error
    if isinstance(error, EngineProblem):
        return engine_error(error)
    if isinstance(error, MemoryError):
        return SlimifyError(NO_MEMORY, "not finished: more memory is needed than slimify may use")
    if isinstance(error, RecursionError) and not os.environ.get("SLIMIFY_DEBUG"):
        return SlimifyError(NO_MEMORY, "not finished: it is nested more deeply than slimify follows")
    if os.environ.get("SLIMIFY_DEBUG"):
        import traceback

        traceback.print_exception(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return SlimifyError(
        INTERNAL_ERROR,
        f"internal error, the file is unchanged: {what[:200]}",
        hint="please report it with the Dockerfile and the traceback that SLIMIFY_DEBUG=1 prints",
    )
