"""Dockerfiles named on the command line → one outcome each, whatever goes wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from slimify import config
from slimify.app import locate
from slimify.app.locate import Target
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.image.model import Image

ENGINE_ERROR, INTERNAL_ERROR = "SL905", "SL999"
FORGE_ERRORS = ("SL915", "SL916", "SL917", "SL918")  # limits, outages, refusals, git

Job = tuple[Target, SlimifyError | None]


def find(paths: list[str] | None) -> Iterator[Job]:
    """Every Dockerfile once, in the order of the arguments; with an error for a path without any."""
    seen = set()
    for path in paths or ["Dockerfile"]:
        try:
            for target in locate.targets(path):
                if target.name not in seen:
                    yield target, None
                seen.add(target.name)
        except SlimifyError as error:
            yield Target(name=path, path=Path(path)), error


class Source(Struct, frozen=True):
    """A Dockerfile as it was read."""

    target: Target
    data: bytes


def outcomes(
    command: Literal["rewrite", "explain"],
    jobs: Iterable[Job],
    context: Path | None,
    overrides: dict[str, object],
    image: Image | None = None,
) -> Iterator[tuple[Source, Outcome]]:
    """What comes of each Dockerfile, `image` being built from it; whatever goes wrong with one is its outcome
    and stops no other."""
    for target, problem in jobs:
        data = b""
        try:
            if problem is not None:
                raise problem
            data = locate.read(target)
            outcome = _process(command, target, data, context, overrides, image)
        except Exception as error:
            outcome = failed(target.name, error)
        yield Source(target, data), outcome


def explain_files(
    todo: Iterable[Job],
    context: Path | None = None,
    settings: dict[str, object] | None = None,
    image: Image | None = None,
) -> Iterator[tuple[Source, Outcome]]:
    """What each step of each Dockerfile is for. The arguments are those of `rewrite_files`."""
    return outcomes("explain", todo, context, settings or {}, image)


def _process(
    command: Literal["rewrite", "explain"],
    target: Target,
    data: bytes,
    context: Path | None,
    overrides: dict[str, object],
    image: Image | None,
) -> Outcome:
    from slimify import pipeline

    # standard input belongs to the context that is named with it
    beside = context if target.path is None and context is not None else target.directory
    options = replace(config.load(beside, target.path), **overrides)
    remark = ""
    if context is None:
        context, remark = locate.build_context(target, data)
    phase = pipeline.rewrite if command == "rewrite" else pipeline.explain
    outcome = phase(data, name=target.name, context=context, options=options, image=image)
    return replace(outcome, warnings=(remark, *outcome.warnings)) if remark else outcome


def new_content(outcome: Outcome, source: Source) -> bytes | None:
    """The file to build from now: the new one, the old one where it stays, None where that is open."""
    if outcome.after is not None:
        return _bytes(outcome.after)
    return source.data if outcome.kind == "unchanged" else None


def write_file(outcome: Outcome, source: Source, output: Path | None = None) -> Outcome:
    """The outcome once the new file is written in place or to `output`: failed, where it cannot be.

    In place only what differs is written; `output` gets what stays as it is too, so that whoever
    builds from it has it.
    """
    from slimify.app import write

    content = new_content(outcome, source)
    try:
        if content is not None and output is not None:
            write.replace_file(output, content)
            return _alone(outcome)
        if content is not None and content != source.data and source.target.path is not None:
            with _ignore_file(outcome):
                write.replace_file(source.target.path, content, expected=source.data)
    except SlimifyError as error:
        return failed(outcome.file, error)
    return outcome


@contextmanager
def _ignore_file(outcome: Outcome) -> Iterator[None]:
    """Writes the ignore file that goes with the new Dockerfile; as it was, if that can't be written then."""
    from slimify.app import write

    ignore = outcome.ignore
    if ignore is None:
        yield
        return
    path = Path(ignore.path)
    before = None if ignore.before is None else _bytes(ignore.before)
    if before is None and path.exists():
        raise SlimifyError(
            write.CHANGED, f"{path} is there meanwhile; it was left alone", hint="run slimify again"
        )
    write.replace_file(path, _bytes(ignore.after), expected=before)
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            write.replace_file(path, before)
        raise


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _alone(outcome: Outcome) -> Outcome:
    """The outcome of which the Dockerfile alone was written."""
    if outcome.ignore is None:
        return outcome
    remark = f"{outcome.ignore.path} is not written: --output takes the Dockerfile only"
    return replace(outcome, warnings=(*outcome.warnings, remark))


def withheld(outcome: Outcome) -> Outcome:
    """The outcome of a rewrite that could not be proven: the file stays."""
    return replace(outcome, kind="unchanged", rung="unchanged", after=None, ignore=None, stages=(), meta={})


def is_internal(error: SlimifyError) -> bool:
    """Whether it is the environment or slimify that failed, and not the input."""
    return error.code in ("SL902", "SL903", ENGINE_ERROR, INTERNAL_ERROR, *FORGE_ERRORS)


def failed(name: str, error: Exception) -> Outcome:
    """The outcome of an exception; one that nobody foresaw is an error in slimify."""
    if not isinstance(error, SlimifyError):
        if os.environ.get("SLIMIFY_DEBUG"):
            import traceback

            traceback.print_exception(error)
        what = " ".join(f"{type(error).__name__}: {error}".split())
        error = SlimifyError(
            INTERNAL_ERROR,
            f"internal error, the file was left as it was: {what[:200]}",
            hint="please report it, with the Dockerfile and the traceback that SLIMIFY_DEBUG=1 prints",
        )
    return Outcome(kind="failed", file=name, error=error)
