"""Outcomes → files: the new Dockerfile and its ignore file, both or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.app.failures import failed
from slimify.app.replace_file import CHANGED, replace_file
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome, Unchanged

if TYPE_CHECKING:
    from slimify.app.dockerfiles import Source


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
    content = new_content(outcome, source)
    try:
        if content is not None and output is not None:
            replace_file(output, content)
            return _alone(outcome)
        if content is not None and content != source.data and source.target.path is not None:
            with _ignore_file(outcome):
                replace_file(source.target.path, content, expected=source.data)
    except SlimifyError as error:
        return failed(outcome.file, error)
    return outcome


@contextmanager
def _ignore_file(outcome: Outcome) -> Iterator[None]:
    """Writes the ignore file that goes with the new Dockerfile; as it was, if that can't be written then."""
    ignore = outcome.ignore
    if ignore is None:
        yield
        return
    path = Path(ignore.path)
    before = None if ignore.before is None else _bytes(ignore.before)
    if before is None and path.exists():
        raise SlimifyError(
            CHANGED, f"{path} was created meanwhile, and is not overwritten", hint="run slimify again"
        )
    replace_file(path, _bytes(ignore.after), expected=before)
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            replace_file(path, before)
        raise


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _alone(outcome: Outcome) -> Outcome:
    """The outcome of which the Dockerfile alone was written."""
    if outcome.ignore is None:
        return outcome
    remark = f"{outcome.ignore.path} is not written: --output writes the Dockerfile only"
    return replace(outcome, warnings=(*outcome.warnings, remark))


def withheld(outcome: Outcome) -> Outcome:
    """The outcome of a rewrite that could not be proven: the file stays."""
    return outcome.become(Unchanged, estimate=None)
