"""Dockerfiles named on the command line → what comes of each, with its proof where one is wished for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from slimify import jobs
from slimify.jobs import Job, Source
from slimify.model import Outcome

if TYPE_CHECKING:
    from slimify.image.model import Image
    from slimify.proofs import Listeners, Wishes
    from slimify.verify.model import Proof

    Result = tuple[Source, Outcome, Proof | None]


def results(
    todo: Iterable[Job],
    context: Path | None,
    given: dict[str, object],
    wishes: Wishes | None,
    listeners: Callable[[], Listeners],
    image: Image | None = None,
) -> Iterator[Result]:
    """One after the other. Without `wishes` nothing is built; `listeners` are asked for once a Dockerfile."""
    if wishes is None:
        for source, outcome in jobs.outcomes("rewrite", todo, context, given, image):
            yield source, outcome, None
        return
    from slimify import proofs

    for job in todo:
        yield proofs.proven(job, context, given, wishes, listeners(), image)
