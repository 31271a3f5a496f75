"""Runs the pipeline on Dockerfiles named on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from slimify.app import locate
from slimify.app.failures import failed
from slimify.app.locate import Job, Target
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


def outcomes(
    command: Literal["rewrite", "explain"],
    jobs: Iterable[Job],
    context: Path | None,
    overrides: dict[str, object],
    image: Image | None = None,
    shared: Contexts | None = None,
) -> Iterator[tuple[Source, Outcome]]:
    """The outcome of each Dockerfile, from which `image` was built. A failure is an outcome and does not stop
    the others. `shared` is that of `scan`."""
    for target, problem in jobs:
        data = b""
        try:
            if problem is not None:
                raise problem
            data = locate.read(target)
            outcome = _process(command, target, data, context, overrides, image, shared)
        except Exception as error:
            outcome = failed(target.name, error)
        yield Source(target, data), outcome


def outcome_of(path: Path, data: bytes) -> Outcome:
    """The outcome of a Dockerfile with this content, whatever is in the file. Raises nothing."""
    try:
        return _process("rewrite", Target(name=str(path), path=path), data, None, {}, None, None)
    except Exception as error:
        return failed(str(path), error)


def _process(
    command: Literal["rewrite", "explain"],
    target: Target,
    data: bytes,
    context: Path | None,
    overrides: dict[str, object],
    image: Image | None,
    shared: Contexts | None,
) -> Outcome:
    from slimify import pipeline

    options = locate.options_for(target, context, overrides)
    remark = ""
    if context is None:
        context, remark = locate.build_context(target, data)
    phase = pipeline.rewrite if command == "rewrite" else pipeline.explain
    outcome = phase(data, name=target.name, context=context, options=options, image=image, shared=shared)
    remarks = (*([remark] if remark else []), *options.warnings("templates"))
    return with_warnings(outcome, remarks)


def with_warnings(outcome: Outcome, warnings: tuple[str, ...]) -> Outcome:
    """The outcome with further warnings in front of its own."""
    return replace(outcome, warnings=(*warnings, *outcome.warnings)) if warnings else outcome
