"""Writes the new Dockerfile and its ignore file, both or neither."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.app.failures import failed
from slimify.app.replace_file import Change, replace_file, replace_files
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome, Unchanged
from slimify.syntax.dockerfile.parser import encode

if TYPE_CHECKING:
    from slimify.app.dockerfiles import Source


def new_content(outcome: Outcome, source: Source) -> bytes | None:
    """The Dockerfile to build from: the new one, the unchanged one, or None if the rewrite was refused."""
    if outcome.after is not None:
        return encode(outcome.after)
    return source.data if outcome.kind == "unchanged" else None


def write_file(outcome: Outcome, source: Source, output: Path | None = None) -> Outcome:
    """Writes the new file in place or to `output`. Returns the outcome, failed if writing fails.

    In place, only changes are written. `output` also receives an unchanged file, so that it can be built.
    """
    content = new_content(outcome, source)
    try:
        if content is not None and output is not None:
            replace_file(output, content)
            return _without_ignore_file(outcome)
        if content is not None and content != source.data and source.target.path is not None:
            dockerfile = Change(path=source.target.path, data=content, expected=source.data)
            replace_files((*_ignore_file(outcome), dockerfile))
    except SlimifyError as error:
        return failed(outcome.file, error)
    return outcome


def _ignore_file(outcome: Outcome) -> tuple[Change, ...]:
    """The change of the ignore file of the new Dockerfile, if there is any."""
    ignore = outcome.ignore
    if ignore is None:
        return ()
    path, before = Path(ignore.path), None if ignore.before is None else encode(ignore.before)
    return (
        Change(path=path, data=encode(ignore.after), expected=before, within=path.parent, new=before is None),
    )


def _without_ignore_file(outcome: Outcome) -> Outcome:
    """The outcome with a warning that its ignore file was not written."""
    if outcome.ignore is None:
        return outcome
    remark = f"{outcome.ignore.path} is not written: --output writes the Dockerfile only"
    return replace(outcome, warnings=(*outcome.warnings, remark))


def withheld(outcome: Outcome) -> Outcome:
    """The unchanged outcome of a rewrite that failed verification."""
    return outcome.become(Unchanged, estimate=None)
