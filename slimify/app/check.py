"""Use case `check`: findings for Dockerfiles, and the baseline of known findings."""

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
from slimify.app.prove import silent_listeners
from slimify.app.rewrite import rewrite_files
from slimify.config import MinSaving
from slimify.config.read_file import read_file
from slimify.lint import baseline as known
from slimify.lint.baseline import Baseline, Entry
from slimify.lint.findings import Checked, checked
from slimify.lint.place import place
from slimify.model.errors import SlimifyError

if TYPE_CHECKING:
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.image.model import Image

BAD_BASELINE = "SL906"
_MAX_BYTES = 100_000_000  # of a baseline


class CheckOptions(Struct, frozen=True, kw_only=True):
    """How to check. `settings` are fields of Options that override settings files. With `proving`, images are
    built and compared. `image` was built from the only Dockerfile and is named `image_name`. `remembered` is
    that of `rewrite_files`."""

    context: Path | None = None
    settings: dict[str, object] = field(default_factory=dict)
    proving: ProofOptions | None = None
    image: Image | None = None
    image_name: str = ""
    remembered: bool = False


def check_files(
    todo: Iterable[Job], asked: CheckOptions, listeners: Callable[[], Listeners] = silent_listeners
) -> Iterator[Checked]:
    """Checks Dockerfiles in order. A failure of one does not stop the others."""
    found = rewrite_files(
        todo,
        asked.context,
        asked.settings,
        asked.proving,
        listeners,
        asked.image,
        shared={},
        remembered=asked.remembered,
    )
    for source, outcome, proof in found:
        where = place(source.target.path) if source.target.path is not None else None
        yield checked(outcome, where, _rewrite_command(source, asked), proof)


def _rewrite_command(source: Source, asked: CheckOptions) -> str:
    """The command that shows the change; with `--write` added, it makes the change."""
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
    """A baseline file as it was read; `content` None: it does not exist yet."""

    path: Path
    content: bytes | None
    entries: Baseline


def read_baseline(path: Path, *, new: bool = False) -> BaselineFile:
    """Reads a baseline file. Raises SlimifyError if it can't be read, or if it is missing and not `new`."""
    if config.leads_out(path):
        raise SlimifyError(BAD_BASELINE, "it is a symlink that leads out of the repository")
    try:
        content = read_file(path, _MAX_BYTES)
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
    """The items with known findings marked: those in the baseline that have not grown by `growth`, or with
    `accept`, all of them."""
    if accept:
        return map(_accepted, items)
    return (known.compared(item, record.entries, growth or MinSaving()) for item in items)


def _accepted(item: Checked) -> Checked:
    return item if item.finding is None else replace(item, finding=replace(item.finding, known=True))


def stale_entries(record: BaselineFile, items: Sequence[Checked]) -> tuple[Entry, ...]:
    """The entries without a current finding."""
    return known.stale(record.entries, items, _missing_files(record))


def update_baseline(record: BaselineFile, items: Sequence[Checked]) -> int:
    """Writes the current findings to the baseline. Returns the number of entries. Raises SlimifyError."""
    entries = known.updated(record.entries, items, _missing_files(record))
    content = known.written(entries).encode()
    if content != record.content:
        replace_file.replace_file(record.path, content, expected=record.content)
    return len(entries)


def _missing_files(record: BaselineFile) -> frozenset[str]:
    """The files of a baseline that no longer exist. Its paths are relative to the repository root."""
    here = Path.cwd()
    root = config.repository_root(here) or config.repository_root(record.path.resolve().parent) or here
    return frozenset(e.file for e in record.entries.values() if not os.path.lexists(root / e.file))
