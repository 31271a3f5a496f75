"""Hashes the files of an image that may equal another one.

Only files of the same size can be equal, so most of an image is never read.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from msgspec.structs import force_setattr

from slimify.image.layer import Blob
from slimify.image.model import Entry
from slimify.image.streams import CHUNK, Store, truncated
from slimify.image.tree import Files

ALONE: Final = 16 * 1024 * 1024  # fewer bytes are hashed without further threads


class _Stored(NamedTuple):
    entry: Entry
    store: Store
    place: int


def hash_equal(blobs: Sequence[Blob], files: Files, least: int) -> None:
    """Completes the digests of the files that have the size of another one of at least `least` bytes, or the
    path and size of one in another layer."""
    found = list(_candidates({id(blob): blob for blob in blobs}.values(), files, least))
    if sum(item.entry.size for item in found) < ALONE:
        digests = [_digest(item) for item in found]
    else:
        with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
            digests = list(pool.map(_digest, found))
    for item, digest in zip(found, digests, strict=True):
        force_setattr(item.entry, "digest", digest)


def _candidates(blobs: Collection[Blob], files: Files, least: int) -> Iterator[_Stored]:
    again = {lost.entry.path for lost in files.hidden}
    sizes: Counter[int] = Counter()
    paths: Counter[tuple[str, int]] = Counter()
    for blob in blobs:
        for entry in blob.entries:
            if entry.kind == "file":
                if entry.size >= least:
                    sizes[entry.size] += 1
                if entry.path in again:
                    paths[entry.path, entry.size] += 1
    for blob in blobs:
        if blob.store is None:
            continue
        for entry, place in zip(blob.entries, blob.places, strict=True):
            if place >= 0 and (sizes[entry.size] > 1 or paths[entry.path, entry.size] > 1):
                yield _Stored(entry, blob.store, place)


def _digest(item: _Stored) -> str:
    digest = hashlib.sha256()
    at, left = item.place, item.entry.size
    while left:
        piece = item.store.read(min(left, CHUNK), at)
        if not piece:
            raise truncated()
        digest.update(piece)
        at, left = at + len(piece), left - len(piece)
    return digest.hexdigest()
