"""The disk as the phases see it. Looks at it can be recorded, and repeated: an answer stays right for as long
as the disk shows what it was found from.

No phase looks at files of a user in any other way (tests/test_remembered.py).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

Looks = dict[tuple[Any, ...], bytes]  # the name of a function here with its arguments; a digest of the result
_looks: ContextVar[Looks | None] = ContextVar("looks", default=None)
_CHANGED = b"changed meanwhile"


@contextmanager
def recorded(looks: Looks) -> Iterator[None]:
    """Adds the looks of a block, in this thread."""
    before = _looks.set(looks)
    try:
        yield
    finally:
        _looks.reset(before)


def shows_the_same(looks: Looks) -> bool:
    """Whether each look shows what it did."""
    again: Looks = {}
    with recorded(again):
        for look, digest in looks.items():
            with suppress(OSError, ValueError):
                _LOOKS[look[0]](*look[1:])
            if again.get(look) != digest:
                return False
    return True


def _record(look: tuple[Any, ...], shown: bytes | str | None) -> None:
    looks = _looks.get()
    if looks is None:
        return
    from hashlib import blake2b

    data = shown.encode("utf-8", "surrogateescape") if isinstance(shown, str) else shown
    digest = b"" if data is None else blake2b(data, digest_size=16).digest()
    if looks.setdefault(look, digest) != digest:
        looks[look] = _CHANGED


def read(path: str, limit: int, whole: bool = True) -> bytes | None:
    """The bytes of a regular file of up to `limit` bytes; unless `whole`, the first ones of a larger one.

    None for anything else, such as a symlink or pipe.
    """
    data = None
    with suppress(OSError, ValueError):
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                data = file.read(limit + 1)
    found = data[:limit] if data is not None and not (whole and len(data) > limit) else None
    _record(("read", path, limit, whole), found)
    return found


def entries(directory: str) -> list[os.DirEntry[str]]:
    """The entries of a directory, sorted. Raises OSError."""
    try:
        with os.scandir(directory) as found:
            listed = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        _record(("entries", directory), str(error.errno))
        raise
    if _looks.get() is not None:
        _record(("entries", directory), "\0".join(map(_shown, listed)))
    return listed


def status(path: str, follow_symlinks: bool = True) -> os.stat_result | None:
    """The status of a path, None if it is missing or can't be read. Only mode, owner and size are to be
    used."""
    info = None
    with suppress(OSError, ValueError):
        info = os.stat(path, follow_symlinks=follow_symlinks)
    size = info.st_size if info is not None and stat.S_ISREG(info.st_mode) else 0
    _record(("status", path, follow_symlinks), info and f"{info.st_mode} {info.st_uid} {size}")
    return info


def real(path: str) -> str:
    """The path with symlinks resolved. Raises OSError or ValueError."""
    found = os.path.realpath(path)
    _record(("real", path), found)
    return found


def has_match(directory: str, pattern: str) -> bool:
    """Whether the directory has a path that matches. Raises OSError or ValueError."""
    found = any(Path(directory).glob(pattern))
    _record(("has_match", directory, pattern), str(found))
    return found


_LOOKS: dict[str, Callable[..., object]] = {
    look.__name__: look for look in (read, entries, status, real, has_match)
}


def exists(path: str) -> bool:
    """Whether the path exists, its symlinks followed."""
    return status(path) is not None


def is_there(path: str) -> bool:
    """Whether the path exists, be it a dangling symlink."""
    return status(path, False) is not None


def is_file(path: str) -> bool:
    info = status(path)
    return info is not None and stat.S_ISREG(info.st_mode)


def is_directory(path: str) -> bool:
    info = status(path)
    return info is not None and stat.S_ISDIR(info.st_mode)


def _shown(entry: os.DirEntry[str]) -> str:
    """What a listing shows of an entry: its kind, and size and mode of a file or the target of a symlink."""
    try:
        if entry.is_symlink():
            return f"{entry.name}\0{os.readlink(entry.path)}"
        info = entry.stat(follow_symlinks=False)
    except OSError as error:
        return f"{entry.name}\0{error.errno}"
    return f"{entry.name}\0{info.st_mode} {info.st_size if stat.S_ISREG(info.st_mode) else 0}"
