"""Remembers what a run answered, and what it saw of the disk to do so: for as long as the disk shows the same
to the same version of slimify, the answer is the same.

Each run has a file of its own in `slimify` of $XDG_CACHE_HOME. It appears at once, so that several processes
can use the directory, and leaves when it is old, or when there are too many.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from msgspec import Struct

from slimify.config.disk import Looks, shows_the_same
from slimify.languages import LANGUAGES, languages
from slimify.model.outcome import Outcome

_MOST_FILES, _MOST_BYTES, _DAYS = 1_000, 200_000_000, 30

Question = Path  # the file of the answer


def question(*parts: object) -> Question | None:
    """The question that everything but the disk determines; None where nothing can be remembered: a checkout
    of slimify, and languages of others, may change without another version."""
    directory = _directory()
    if directory is None or not _is_released() or len(languages()) > len(LANGUAGES):
        return None
    place = (os.getcwd(), os.path.expanduser("~"), sys.version, _installed())
    key = blake2b(repr((place, parts)).encode("utf-8", "surrogateescape"), digest_size=20)
    return directory / key.hexdigest()


def recall(asked: Question) -> Sequence[Outcome] | None:
    """The answer, if it is remembered and still right."""
    try:
        looks, outcomes = _Reader(io.BytesIO(asked.read_bytes())).load()
        if not shows_the_same(looks):
            return None
        os.utime(asked)
    except Exception:  # as pickle says: whatever the bytes of a damaged file mean
        return None
    found: Sequence[Outcome] = outcomes
    return found


def remember(asked: Question, looks: Looks, outcomes: Sequence[Outcome]) -> None:
    """Keeps an answer. Where that fails, as on a full disk, the next run computes it again."""
    part = asked.with_name(f"{asked.name}.{os.getpid()}")
    with suppress(OSError):
        asked.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            part.write_bytes(pickle.dumps((looks, outcomes), protocol=5))
            part.replace(asked)
        finally:
            part.unlink(missing_ok=True)
        _prune(asked.parent)


def _prune(directory: Path) -> None:
    """Removes what was not used for long, and the least used of too much."""
    with os.scandir(directory) as found:
        used = sorted(
            ((info.st_mtime, info.st_size, e.path) for e in found if (info := e.stat())), reverse=True
        )
    total, oldest = 0, time.time() - _DAYS * 86_400
    for place, (when, size, path) in enumerate(used):
        total += size
        if place >= _MOST_FILES or total > _MOST_BYTES or when < oldest:
            with suppress(OSError):
                os.unlink(path)


class _Reader(pickle.Unpickler):
    """Makes what outcomes are made of, and nothing else: a file in a cache is data."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("msgspec._utils", "rebuild"):  # what makes structs with keyword arguments
            return super().find_class(module, name)
        if module.startswith("slimify.model."):
            found = super().find_class(module, name)
            if isinstance(found, type) and issubclass(found, Struct):
                return found
        raise pickle.UnpicklingError(f"{module}.{name}")


def _directory() -> Path | None:
    """The directory of the user, or None."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    path = Path(home if os.path.isabs(home) else os.path.expanduser("~/.cache"), "slimify")
    return path if path.is_absolute() else None


def _is_released() -> bool:
    """Whether this is what a wheel installs, whose version tells what it does."""
    import slimify

    return os.path.isfile(os.path.join(slimify.__path__[0], "version.txt"))


def _installed() -> Iterable[str]:
    """Name and version of each installed distribution, slimify and its parsers among them."""
    found: set[str] = set()
    for place in sys.path:
        with suppress(OSError):
            found.update(name for name in os.listdir(place or ".") if name.endswith(".dist-info"))
    return sorted(found)
