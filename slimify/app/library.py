"""For programs that use slimify: a Dockerfile as it lies in its repository, and its proof.

The short forms of what the command line calls with all its options (see `slimify.__all__`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slimify.app import dockerfiles as jobs
from slimify.app.dockerfiles import Job
from slimify.app.locate import Target
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.engine.model import EngineName
    from slimify.verify.model import Proof

Name = str | os.PathLike[str]


def rewrite_file(path: Name, context: Name | None = None, **settings: object) -> Outcome:
    """What comes of a Dockerfile, by the settings files that are in force for it. Nothing is written.

    `context` is the build context; without it, it is found as on the command line. `settings` are fields
    of `Options` that override what the files say, such as `base="minimal"`. Raises nothing: what goes wrong
    is an outcome that has `kind` failed and an `error`.
    """
    ((_, outcome),) = jobs.outcomes("rewrite", [_job(path)], _path(context), settings)
    return outcome


def prove_file(
    path: Name,
    context: Name | None = None,
    *,
    engine: EngineName | None = None,
    repair: bool = False,
    run: bool = True,
    **settings: object,
) -> tuple[Outcome, Proof | None]:
    """What comes of a Dockerfile, and what building and comparing both images has shown.

    The container engine is found, or is `engine`. With `repair` what is found to be missing is planned in
    until the images are equal; without `run` nothing is started. The proof is None where there is nothing to
    compare. Raises nothing: a failure of the engine is an outcome too.
    """
    from slimify.app import prove

    proving = prove.ProofOptions(engine=engine, repair=repair, run=run)
    _, outcome, proof = prove.proven(_job(path), _path(context), settings, proving, prove.silent())
    return outcome, proof


def explain_code(code: str) -> dict[str, Any] | None:
    """What a code such as SL204 means, as `slimify explain SL204 --format json` says it; None for one that
    there is not."""
    from slimify.codes import meaning

    return meaning(code)


def _job(path: Name) -> Job:
    return Target(name=os.fspath(path), path=Path(path)), None


def _path(context: Name | None) -> Path | None:
    return None if context is None else Path(context)
