"""Sparse files in tar archives (GNU tar manual, "Storing Sparse Files")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from slimify.image.fields import BLOCK, decimal, number
from slimify.image.streams import CHUNK, Reader, damaged, unsafe

PIECES: Final = 100_000  # stored pieces of one file; bounds memory


class Map(Struct, frozen=True):
    """The stored pieces of a sparse file as (offset, length), in order. All other bytes are zero."""

    size: int
    pieces: tuple[tuple[int, int], ...]


def is_sparse(pax: dict[bytes, bytes]) -> bool:
    """Whether an extended header describes a sparse file (formats 0.0, 0.1 and 1.0)."""
    return b"GNU.sparse.map" in pax or b"GNU.sparse.major" in pax


def from_header(block: bytes, reader: Reader) -> Map:
    """The map of the old format: four pieces in the header, the others in the following blocks."""
    size = number(block[483:495])
    found = _pairs(block, 386, 4)
    more = block[482]
    while more:
        block = reader.take(BLOCK)
        if len(block) < BLOCK or len(found) > PIECES:
            raise damaged("The map of a sparse file in the image is damaged.")
        found += _pairs(block, 0, 21)
        more = block[504]
    return _checked(size, found)


def from_pax(pax: dict[bytes, bytes], block: Callable[[], bytes]) -> Map:
    """The map of the pax formats: in the header, or (1.0) in the first blocks of the content."""
    size = decimal(pax, b"GNU.sparse.realsize", decimal(pax, b"GNU.sparse.size", 0))
    if b"GNU.sparse.map" in pax:
        values = [_number(item) for item in pax[b"GNU.sparse.map"].split(b",") if item]
    else:
        values = _map_in_content(block)
    if len(values) % 2:
        raise damaged("The map of a sparse file in the image is damaged.")
    return _checked(size, list(zip(values[::2], values[1::2], strict=True)))


def expand(stored: Iterator[bytes], sparse: Map) -> Iterator[bytes]:
    """The content of a sparse file, with zeros for its holes."""
    zeros = bytes(CHUNK)
    at, rest = 0, b""
    for offset, length in (*sparse.pieces, (sparse.size, 0)):
        while at < offset:
            yield zeros[: offset - at]
            at += min(offset - at, CHUNK)
        while length:
            rest = rest or next(stored, b"")
            if not rest:
                raise damaged("A sparse file in the image is truncated.")
            yield rest[:length]
            taken = min(length, len(rest))
            rest = rest[taken:]
            at, length = at + taken, length - taken


def _pairs(block: bytes, start: int, count: int) -> list[tuple[int, int]]:
    fields = (block[start + 24 * i : start + 24 * i + 24] for i in range(count))
    return [(number(field[:12]), number(field[12:])) for field in fields if field.strip(b"\0")]


def _map_in_content(block: Callable[[], bytes]) -> list[int]:
    """The numbers of a map in the content: one per line, preceded by the count of pairs, in whole
    blocks."""
    values: list[int] = []
    wanted, rest = 1, b""
    while len(values) < wanted:
        *lines, rest = (rest + block()).split(b"\n")
        if len(rest) > BLOCK:
            raise damaged("The map of a sparse file in the image is damaged.")
        values += [_number(line) for line in lines[: wanted - len(values) if wanted > 1 else None] if line]
        if wanted == 1 and values:
            wanted = 1 + 2 * values[0]
            if values[0] > PIECES:
                raise unsafe("A sparse file in the image has too many pieces.")
    return values[1:wanted]


def _number(value: bytes) -> int:
    digits = value.strip(b"\0 ")
    if not digits.isdigit() or len(digits) > 20:
        raise damaged("The map of a sparse file in the image is damaged.")
    return int(digits)


def _checked(size: int, pieces: list[tuple[int, int]]) -> Map:
    at = 0
    for offset, length in pieces:
        if offset < at or length < 0:
            raise damaged("The map of a sparse file in the image is damaged.")
        at = offset + length
    if at > size:
        raise damaged("The map of a sparse file in the image is damaged.")
    return Map(size, tuple(pieces))
