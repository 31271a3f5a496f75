"""Hashes the files of an image that may equal another one.

Only files of the same size can be equal, so most of an image is never read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import force_setattr

from slimify.image.content_hash import ContentHash
from slimify.image.layer import Blob
from slimify.image.model import Entry
from slimify.image.streams import CHUNK, Store, truncated
from slimify.image.tree import Files


def hash_equal(blobs: Sequence[Blob], files: Files, least: int) -> None:
    """Completes the digests of the files that have the size of another one of at least `least` bytes, or the
    path and size of one in another layer. Raises ImageError SL602 if one ends early."""
    for entry, store, place in _candidates({id(blob): blob for blob in blobs}.values(), files, least):
        digest = ContentHash()
        left = entry.size
        while left:
            piece = store.read(min(left, CHUNK), place + entry.size - left)
            if not piece:
                raise truncated()
            digest.update(piece)
            left -= len(piece)
        force_setattr(entry, "digest", digest.hexdigest())


def _candidates(blobs: Collection[Blob], files: Files, least: int) -> Iterator[tuple[Entry, Store, int]]:
    again = {(lost.entry.directory, lost.entry.name) for lost in files.hidden}
    sizes: Counter[int] = Counter()
    paths: Counter[tuple[str, str, int]] = Counter()
    for blob in blobs:
        sizes.update(e.size for e in blob.entries if e.size >= least and e.kind == "file")
        if again:
            paths.update(
                (e.directory, e.name, e.size)
                for e in blob.entries
                if e.kind == "file" and (e.directory, e.name) in again
            )
    same = {size for size, count in sizes.items() if count > 1}
    for blob in blobs:
        if blob.store is None:
            continue
        for e, place in zip(blob.entries, blob.places, strict=True):
            if place >= 0 and (e.size in same or (paths and paths[e.directory, e.name, e.size] > 1)):
                yield e, blob.store, place
