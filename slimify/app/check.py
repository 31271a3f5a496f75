"""Dockerfiles named on the command line → what `check` says about each, and the baseline of what is known."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from slimify import config
from slimify.app import replace_file
from slimify.app.dockerfiles import Source
from slimify.app.locate import Job
from slimify.app.prove import silent
from slimify.app.rewrite import rewrite_files
from slimify.config import MinSaving
from slimify.lint import baseline as known
from slimify.lint.baseline import Baseline, Entry
from slimify.lint.findings import Checked, checked
from slimify.lint.place import place
from slimify.model.errors import SlimifyError

if TYPE_CHECKING:
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.image.model import Image

BAD_BASELINE = "SL906"


class CheckOptions(Struct, frozen=True, kw_only=True):
    """How to check. `settings`: fields of Options that override those of settings files; `proving`: all is
    built and compared; `image`: what was built from the one Dockerfile, by the name `image_name`."""

    context: Path | None = None
    settings: dict[str, object] = field(default_factory=dict)
    proving: ProofOptions | None = None
    image: Image | None = None
    image_name: str = ""


def check_files(
    todo: Iterable[Job], asked: CheckOptions, listeners: Callable[[], Listeners] = silent
) -> Iterator[Checked]:
    """What there is to say about each Dockerfile, in order; whatever goes wrong with one stops no other."""
    found = rewrite_files(todo, asked.context, asked.settings, asked.proving, listeners, asked.image)
    for source, outcome, proof in found:
        where = place(source.target.path) if source.target.path is not None else None
        yield checked(outcome, where, _command(source, asked), proof)


def _command(source: Source, asked: CheckOptions) -> str:
    """What to type to see the change: with `--write` it is made."""
    proving = asked.proving
    options = (
        *(("--context", str(asked.context)) if asked.context is not None else ()),
        *(("--image", asked.image_name) if asked.image_name else ()),
        *config.words(asked.settings),
        *(("--verify",) if proving else ()),
        *(("--repair",) if proving and proving.repair else ()),
    )
    return shlex.join(("slimify", "rewrite", *options, source.target.name))


# --- the baseline -------------------------------------------------------------------------------


class BaselineFile(Struct, frozen=True):
    """A baseline file as it was read; `content` None: there is none yet."""

    path: Path
    content: bytes | None
    entries: Baseline


def read_baseline(path: Path, *, new: bool = False) -> BaselineFile:
    """Reads a baseline file. Raises SlimifyError where it can't be read, or is not there and not `new`."""
    try:
        content = path.read_bytes()
        return BaselineFile(path, content, known.read(content.decode("utf-8")))
    except FileNotFoundError:
        if new:
            return BaselineFile(path, None, {})
        hint = "--update-baseline creates it from the current findings"
        raise SlimifyError(BAD_BASELINE, "no such file", hint=hint) from None
    except OSError as error:
        raise SlimifyError(BAD_BASELINE, f"cannot read the baseline: {error.strerror}") from error
    except ValueError as error:
        hint = "delete it, and create it again with --update-baseline"
        raise SlimifyError(BAD_BASELINE, f"cannot read the baseline: {error}", hint=hint) from error


def compare_baseline(
    items: Iterable[Checked], record: BaselineFile, growth: MinSaving | None = None, *, accept: bool = False
) -> Iterator[Checked]:
    """The same, with what is known marked as such: what is in the baseline and has not grown by `growth`
    meanwhile, or all that will be in it (`accept`)."""
    if accept:
        return map(_accepted, items)
    return (known.compared(item, record.entries, growth or MinSaving()) for item in items)


def _accepted(item: Checked) -> Checked:
    return item if item.finding is None else replace(item, finding=replace(item.finding, known=True))


def stale_entries(record: BaselineFile, items: Sequence[Checked]) -> tuple[Entry, ...]:
    """The entries that nothing was found for any more."""
    return known.stale(record.entries, items, _gone(record))


def update_baseline(record: BaselineFile, items: Sequence[Checked]) -> int:
    """Writes the baseline as it is after a run → the number of its entries. Raises SlimifyError."""
    entries = known.updated(record.entries, items, _gone(record))
    content = known.written(entries).encode()
    if content != record.content:
        replace_file.replace_file(record.path, content, expected=record.content)
    return len(entries)


def _gone(record: BaselineFile) -> frozenset[str]:
    """The files of a baseline that are not there: its paths start where those of findings do."""
    here = Path.cwd()
    root = config.repository_root(here) or config.repository_root(record.path.resolve().parent) or here
    return frozenset(e.file for e in record.entries.values() if not os.path.lexists(root / e.file))
