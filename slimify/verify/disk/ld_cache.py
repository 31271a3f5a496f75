"""Reads /etc/ld.so.cache, the table of libraries that ldconfig writes.

Format: glibc's elf/cache.c and sysdeps/generic/dl-cache.h: a header of 48 bytes ("glibc-ld.so.cache1.1",
the number of entries), entries of 24 bytes (flags, offsets of name and path, …), strings. Before glibc
2.32, an older table precedes it; offsets count from the header.
"""

from __future__ import annotations

import struct

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = 48
_ENTRY = struct.Struct("<iIIIQ")
_MOST = 100_000  # entries; distributions have a few thousand


def read(data: bytes) -> dict[str, tuple[str, ...]]:
    """The paths of each library name, in the order of search; {} if `data` is not a cache."""
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEADER:
        return {}
    table = data[start:]
    (count,) = struct.unpack_from("<I", table, len(_MAGIC))
    found: dict[str, list[str]] = {}
    for index in range(min(count, _MOST, (len(table) - _HEADER) // _ENTRY.size)):
        _, key, value, _, _ = _ENTRY.unpack_from(table, _HEADER + index * _ENTRY.size)
        name, path = _text(table, key), _text(table, value)
        if name and path.startswith("/"):
            found.setdefault(name, []).append(path)
    return {name: tuple(paths) for name, paths in found.items()}


def _text(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset)
    return table[offset:end].decode("utf-8", "replace") if 0 < offset < end else ""
