"""The paths that git tracks, read from a repository's index (git's Documentation/gitformat-index.adoc)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slimify.context.scan import read_below

_MAX_BYTES = 1 << 26
_HEADER = 12
_FLAGS = 60  # their place in an entry, behind times, numbers and a SHA-1
_EXTENDED = 0x40  # of their first byte: two more bytes follow


def tracked_paths(root: Path) -> frozenset[str]:
    """The tracked files and their directories; none where the index can't be read."""
    data = read_below(str(root), ".git/index", _MAX_BYTES) or b""
    found: set[str] = set()
    for name in _names(data) if data.startswith(b"DIRC") else ():
        path = name.decode("utf-8", "surrogateescape").rstrip("/")
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return frozenset(found)


def _names(data: bytes) -> Iterator[bytes]:
    """The names of the entries, in versions 2 to 4."""
    version, count = (int.from_bytes(data[at : at + 4], "big") for at in (4, 8))
    at, name = _HEADER, b""
    while count and at + _FLAGS < len(data):
        start, shared = at + _FLAGS + (4 if data[at + _FLAGS] & _EXTENDED else 2), 0
        if version == 4:  # a name leaves out how it begins like the one before it
            cut, start = _offset(data, start)
            shared = max(0, len(name) - cut)
        end = data.find(b"\0", start)
        name = name[:shared] + data[start:end]
        yield name
        at = end + 1 if version == 4 else at + (end - at + 8) // 8 * 8
        count = count - 1 if end > 0 else 0


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """A number as git writes offsets (Documentation/gitformat-pack.adoc), and the place behind it."""
    value = data[at] & 127 if at < len(data) else 0
    while at + 1 < len(data) and data[at] & 128:
        at += 1
        value = (value + 1 << 7) + (data[at] & 127)
    return value, at + 1
