"""Dockerfiles named on the command line → what `check` says about each, and the baseline of what is known."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify import config, write
from slimify.config import MinSaving
from slimify.jobs import Job, Source
from slimify.lint import baseline as known
from slimify.lint.baseline import Baseline, Entry
from slimify.lint.findings import Checked, checked
from slimify.lint.place import place
from slimify.model import SlimifyError
from slimify.results import results

if TYPE_CHECKING:
    from slimify.image.model import Image
    from slimify.proofs import Listeners, Wishes

BAD_BASELINE = "SL906"


class Asked(Struct, frozen=True, kw_only=True):
    """What is said on the command line. `options` go before the path in the command that shows a change;
    `wishes`: everything is built and compared; `image`: what was built from the one Dockerfile."""

    context: Path | None
    overrides: dict[str, object]
    options: tuple[str, ...] = ()
    wishes: Wishes | None = None
    image: Image | None = None


def findings(todo: Iterable[Job], asked: Asked, listeners: Callable[[], Listeners]) -> Iterator[Checked]:
    """What there is to say about each Dockerfile, in order."""
    found = results(todo, asked.context, asked.overrides, asked.wishes, listeners, asked.image)
    for source, outcome, proof in found:
        where = place(source.target.path) if source.target.path is not None else None
        yield checked(outcome, where, _command(source, asked), proof)


def _command(source: Source, asked: Asked) -> str:
    """What to type to see the change: with `--write` it is made."""
    return shlex.join(("slimify", "rewrite", *asked.options, source.target.name))


# --- the baseline -------------------------------------------------------------------------------


class Record(Struct, frozen=True):
    """A baseline file as it was read; `content` None: there is none yet."""

    path: Path
    content: bytes | None
    entries: Baseline


def record(path: Path, *, new: bool) -> Record:
    """Reads a baseline file. Raises SlimifyError where it can't be read, or is not there and not `new`."""
    try:
        content = path.read_bytes()
        return Record(path, content, known.read(content.decode("utf-8")))
    except FileNotFoundError:
        if new:
            return Record(path, None, {})
        hint = "--update-baseline makes it, of what is found now"
        raise SlimifyError(BAD_BASELINE, "no such baseline", hint=hint) from None
    except OSError as error:
        raise SlimifyError(BAD_BASELINE, f"cannot read the baseline: {error.strerror}") from error
    except ValueError as error:
        hint = "remove it, and make it again with --update-baseline"
        raise SlimifyError(BAD_BASELINE, f"cannot read the baseline: {error}", hint=hint) from error


def compared(items: Iterable[Checked], record: Record, growth: MinSaving) -> Iterator[Checked]:
    """The same, with what is in the baseline marked as known."""
    return (known.compared(item, record.entries, growth) for item in items)


def accepted(item: Checked) -> Checked:
    """The same with its finding marked as known."""
    return item if item.finding is None else replace(item, finding=replace(item.finding, known=True))


def stale(record: Record, items: Sequence[Checked]) -> tuple[Entry, ...]:
    """The entries that nothing was found for any more."""
    return known.stale(record.entries, items, _gone(record))


def update(record: Record, items: Sequence[Checked]) -> int:
    """Writes the baseline as it is after a run → the number of its entries. Raises SlimifyError."""
    entries = known.updated(record.entries, items, _gone(record))
    content = known.written(entries).encode()
    if content != record.content:
        write.replace_file(record.path, content, expected=record.content)
    return len(entries)


def _gone(record: Record) -> frozenset[str]:
    """The files of a baseline that are not there: its paths start where those of findings do."""
    here = Path.cwd()
    root = config.repository_root(here) or config.repository_root(record.path.resolve().parent) or here
    return frozenset(e.file for e in record.entries.values() if not os.path.lexists(root / e.file))
