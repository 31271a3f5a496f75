"""Dockerfiles named on the command line → what comes of each, with its proof where one is wished for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.app import dockerfiles
from slimify.app.dockerfiles import Source
from slimify.app.locate import Job, Name, named
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.image.model import Image
    from slimify.verify.model import Proof

    Result = tuple[Source, Outcome, Proof | None]


def rewrite_files(
    todo: Iterable[Job],
    context: Path | None = None,
    settings: dict[str, object] | None = None,
    proving: ProofOptions | None = None,
    listeners: Callable[[], Listeners] | None = None,
    image: Image | None = None,
) -> Iterator[Result]:
    """What comes of each, one after the other; whatever goes wrong with one stops no other.

    `context` is the build context, found as on the command line without it. `settings` are fields of Options
    that override those of settings files. Without `proving` nothing is built; `listeners` are asked for once
    a Dockerfile. `image` was built from it.
    """
    shown: set[tuple[str, str | None]] = set()
    for source, outcome, proof in _each(todo, context, settings or {}, proving, listeners, image):
        if proof is None or proof.verdict == "equal":  # others bring nothing
            outcome = _once(outcome, shown)
        yield source, outcome, proof


def rewrite_file(path: Name, context: Name | None = None, **settings: object) -> Outcome:
    """What comes of a Dockerfile, by the settings files that are in force for it. Nothing is written.

    `context` is the build context; without it, it is found as on the command line. `settings` are fields
    of `Options` that override what the files say, such as `base="minimal"`. Raises nothing: what goes wrong
    is an outcome that has `kind` failed and an `error`.
    """
    ((_, outcome),) = dockerfiles.outcomes(
        "rewrite", [named(path)], None if context is None else Path(context), settings
    )
    return outcome


def _each(
    todo: Iterable[Job],
    context: Path | None,
    settings: dict[str, object],
    proving: ProofOptions | None,
    listeners: Callable[[], Listeners] | None,
    image: Image | None,
) -> Iterator[Result]:
    if proving is None:
        for source, outcome in dockerfiles.outcomes("rewrite", todo, context, settings, image):
            yield source, outcome, None
        return
    from slimify.app import prove

    for job in todo:
        yield prove.proven(job, context, settings, proving, (listeners or prove.silent)(), image)


def _once(outcome: Outcome, shown: set[tuple[str, str | None]]) -> Outcome:
    """The outcome without an ignore file that another Dockerfile of its context brought already: a second
    patch of it would not apply."""
    ignore = outcome.ignore
    if ignore is None:
        return outcome
    known = (ignore.path, ignore.before) in shown
    shown.add((ignore.path, ignore.before))
    return replace(outcome, ignore=None) if known else outcome
