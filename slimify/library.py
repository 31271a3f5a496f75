"""For programs that use slimify: a Dockerfile as it lies in its repository, its proof, a whole fleet.

The short forms of what the command line calls with all its options (see `slimify.__all__`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slimify import jobs
from slimify.jobs import Job
from slimify.locate import Target
from slimify.model import Outcome

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
    from slimify import proofs

    proving = proofs.ProofOptions(engine=engine, repair=repair, run=run)
    _, outcome, proof = proofs.proven(_job(path), _path(context), settings, proving, proofs.silent())
    return outcome, proof


def scan(
    paths: Iterable[str],
    *,
    processes: int | None = None,
    timeout: int = 300,
    verify: bool = False,
    builds: int = 1,
    **settings: object,
) -> Iterator[dict[str, Any]]:
    """The rows of `slimify scan --format json` for directories, addresses of git repositories and files that
    list them, as they are done. `timeout`: seconds for one Dockerfile. With `verify` what can be rewritten
    is built and compared, `builds` Dockerfiles at a time. Raises SlimifyError for a path that is not there,
    and where there is nothing to build with.

    Processes are spawned: a script that calls this needs `if __name__ == "__main__":`.
    """
    from msgspec.structs import replace

    from slimify.fleet.scan import ScanOptions, scan_all

    asked = ScanOptions(settings=settings, timeout=timeout, jobs=processes)
    if verify:
        from slimify.fleet.proving import ScanBuilds
        from slimify.proofs import ProofOptions

        asked = replace(asked, builds=ScanBuilds(proving=ProofOptions(), number=builds))
    for rows in scan_all(paths, asked):
        yield from rows


def explain_code(code: str) -> dict[str, Any] | None:
    """What a code such as SL204 means, as `slimify explain SL204 --format json` says it; None for one that
    there is not."""
    from slimify.facts import load

    return load("codes.toml").get(code)


def _job(path: Name) -> Job:
    return Target(name=os.fspath(path), path=Path(path)), None


def _path(context: Name | None) -> Path | None:
    return None if context is None else Path(context)
