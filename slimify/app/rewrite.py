"""Use case `rewrite`: the outcome of each Dockerfile, optionally with a proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.app import dockerfiles
from slimify.app.dockerfiles import Source
from slimify.app.locate import Job, Name, target_of
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.context.scan import Contexts
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
    shared: Contexts | None = None,
    *,
    remembered: bool = False,
) -> Iterator[Result]:
    """Rewrites Dockerfiles one after the other. A failure of one does not stop the others.

    `context` is the build context; None: it is derived from the Dockerfile. `settings` are fields of Options
    that override settings files. Images are built only with `proving`; `listeners` is called once for each
    Dockerfile. `image` was built from the Dockerfile. Callers that change no file meanwhile may pass an empty
    dict as `shared`: what was read of a build context serves all Dockerfiles with it. They may also ask for
    what an earlier run `remembered`, which is as right, and kept in the user's cache directory.
    """
    shown: set[tuple[str, str | None]] = set()
    for source, outcome, proof in _rewrite_each(
        todo, context, settings or {}, proving, listeners, image, shared, remembered
    ):
        if proof is None or proof.verdict == "equal":  # a rejected rewrite adds no ignore file
            outcome = _without_repeated_ignore_file(outcome, shown)
        yield source, outcome, proof


def rewrite_file(path: Name, context: Name | None = None, **settings: object) -> Outcome:
    """The outcome of a Dockerfile with its effective settings. Nothing is written.

    `context` is the build context; None: it is derived from the Dockerfile. `settings` are fields of
    `Options` that override settings files, such as `base="minimal"`. Raises nothing: a failure is an outcome
    of kind "failed" with an `error`."""
    ((_, outcome),) = dockerfiles.outcomes(
        [target_of(path)], None if context is None else Path(context), settings
    )
    return outcome


def _rewrite_each(
    todo: Iterable[Job],
    context: Path | None,
    settings: dict[str, object],
    proving: ProofOptions | None,
    listeners: Callable[[], Listeners] | None,
    image: Image | None,
    shared: Contexts | None,
    remembered: bool,
) -> Iterator[Result]:
    if proving is None:
        found = dockerfiles.outcomes(todo, context, settings, image, shared, remembered=remembered)
        yield from ((source, outcome, None) for source, outcome in found)
        return
    from slimify.app import prove

    for job in todo:
        yield prove.prove_job(job, context, settings, proving, (listeners or prove.silent_listeners)(), image)


def _without_repeated_ignore_file(outcome: Outcome, shown: set[tuple[str, str | None]]) -> Outcome:
    """The outcome without an ignore file that another Dockerfile of the same context already changes, since a
    second patch would not apply."""
    ignore = outcome.ignore
    if ignore is None:
        return outcome
    known = (ignore.path, ignore.before) in shown
    shown.add((ignore.path, ignore.before))
    return replace(outcome, ignore=None) if known else outcome
