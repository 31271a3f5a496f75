"""Runs the pipeline on Dockerfiles named on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.app import locate
from slimify.app.failures import failed
from slimify.app.locate import Job, Target
from slimify.config.options import Options
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.context.scan import Contexts
    from slimify.image.model import Image


class Source(Struct, frozen=True):
    """A Dockerfile as it was read."""

    target: Target
    data: bytes

    @property
    def name(self) -> str:
        return self.target.name


class _Job(Struct, frozen=True):
    """A Dockerfile as it was read with the settings in force, or why there is none."""

    source: Source
    options: Options | None = None
    problem: Exception | None = None


def outcomes(
    jobs: Iterable[Job],
    context: Path | None,
    overrides: dict[str, object],
    image: Image | None = None,
    shared: Contexts | None = None,
    *,
    remembered: bool = False,
) -> Iterator[tuple[Source, Outcome]]:
    """The outcome of each Dockerfile, from which `image` was built. A failure is an outcome and does not stop
    the others. `shared` is that of `scan`. Outcomes may be `remembered` by callers that write no file
    meanwhile."""
    todo = (_read(job, context, overrides) for job in jobs)
    if not remembered or image is not None:
        return ((job.source, _outcome(job, context, image, shared)) for job in todo)
    return _remembered(list(todo), context, shared)


def outcome_of(path: Path, data: bytes) -> Outcome:
    """The outcome of a Dockerfile with this content, whatever is in the file. Raises nothing."""
    target = Target(name=str(path), path=path)
    return _outcome(_with_options(Source(target, data), None, {}), None, None, None)


def _remembered(
    todo: Sequence[_Job], context: Path | None, shared: Contexts | None
) -> Iterator[tuple[Source, Outcome]]:
    """The outcomes of the same run before, if nothing that they depend on is different since."""
    from slimify.app import answer_cache
    from slimify.config import disk

    asked = None
    if all(job.problem is None and not (job.options and job.options.templates) for job in todo):
        asked = answer_cache.question(context, [(job.source, job.options) for job in todo])
    if asked is None:
        yield from ((job.source, _outcome(job, context, None, shared)) for job in todo)
        return
    known = answer_cache.recall(asked)
    if known is not None:
        yield from zip((job.source for job in todo), known, strict=True)
        return
    looks: disk.Looks = {}
    found = []
    for job in todo:
        with disk.recorded(looks):
            outcome = _outcome(job, context, None, shared)
        found.append(outcome)
        yield job.source, outcome
    if all(outcome.error is None for outcome in found):
        answer_cache.remember(asked, looks, found)


def _read(job: Job, context: Path | None, overrides: dict[str, object]) -> _Job:
    target, problem = job
    source = Source(target, b"")
    if problem is not None:
        return _Job(source, problem=problem)
    try:
        source = Source(target, locate.read(target))
    except Exception as error:
        return _Job(source, problem=error)
    return _with_options(source, context, overrides)


def _with_options(source: Source, context: Path | None, overrides: dict[str, object]) -> _Job:
    try:
        return _Job(source, locate.options_for(source.target, context, overrides))
    except Exception as error:
        return _Job(source, problem=error)


def _outcome(job: _Job, context: Path | None, image: Image | None, shared: Contexts | None) -> Outcome:
    target, options = job.source.target, job.options
    try:
        if options is None:
            raise job.problem or AssertionError
        from slimify import pipeline

        remark = ""
        if context is None:
            context, remark = locate.build_context(target, job.source.data)
        outcome = pipeline.rewrite(
            job.source.data, name=target.name, context=context, options=options, image=image, shared=shared
        )
        if outcome.built_stage:
            remark = ""  # the stage that the file builds is the one that gets smaller
        remarks = (*([remark] if remark else []), *options.warnings("templates"))
        return with_warnings(outcome, remarks)
    except Exception as error:
        return failed(target.name, error)


def with_warnings(outcome: Outcome, warnings: tuple[str, ...]) -> Outcome:
    """The outcome with further warnings in front of its own."""
    return replace(outcome, warnings=(*warnings, *outcome.warnings)) if warnings else outcome
