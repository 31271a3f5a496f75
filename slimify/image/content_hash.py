"""A hash of content for comparisons within one process, twice as fast as SHA-256 and without OpenSSL."""

from __future__ import annotations

from typing import Final

BLOCK: Final = 64 * 1024


class ContentHash:
    """Python's own keyed hash (SipHash) over each block of the content. Equal content has equal digests, in
    whatever pieces it comes; the key is another one in each process."""

    __slots__ = ("_hashes", "_rest")

    def __init__(self, content: bytes = b"") -> None:
        self._hashes: list[int] = []
        self._rest = b""
        if content:
            self.update(content)

    def update(self, piece: bytes) -> None:
        if not self._rest and len(piece) < BLOCK:  # most files
            self._rest = piece
            return
        at = 0
        if self._rest:
            at = BLOCK - len(self._rest)
            self._rest += piece[:at]
            if len(self._rest) < BLOCK:
                return
            self._hashes.append(hash(self._rest))
        whole = len(piece) - (len(piece) - at) % BLOCK
        view = memoryview(piece)
        self._hashes += [hash(view[start : start + BLOCK]) for start in range(at, whole, BLOCK)]
        self._rest = piece[whole:]

    def hexdigest(self) -> str:
        return f"{hash((*self._hashes, hash(self._rest))) & (1 << 64) - 1:016x}"
