"""Measures the compressed size of a layer with gzip, as a registry stores it.

Chunks of 1 MiB are compressed in parallel with the preceding 32 KiB as dictionary, as in pigz. The sum
differs from a single stream by less than 0.1 %.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from slimify.image.streams import Reader

BLOCK: Final = 1024 * 1024
WINDOW: Final = 32 * 1024
HEADER: Final = 18  # bytes of gzip's header and trailer


class Deflated(Reader):
    """Passes a source through and compresses it in parallel. `total` gives the compressed bytes."""

    def __init__(self, source: Reader, level: int) -> None:
        super().__init__()
        self._source, self._level = source, level
        self._chunk, self._before = bytearray(), b""
        self._workers = min(os.cpu_count() or 1, 8)
        self._pool = ThreadPoolExecutor(self._workers)
        self._waiting: deque[Future[int]] = deque()
        self._total = HEADER

    def _more(self) -> bytes:
        piece = self._source.piece(BLOCK)
        self._chunk += piece
        if len(self._chunk) >= BLOCK:
            self._send()
        return piece

    def _send(self) -> None:
        chunk = bytes(self._chunk)
        self._waiting.append(self._pool.submit(_size, chunk, self._before, self._level))
        self._before = chunk[-WINDOW:]
        self._chunk.clear()
        # Limit the pending chunks, so memory remains bounded.
        while len(self._waiting) > 2 * self._workers:
            self._total += self._waiting.popleft().result()

    def total(self) -> int:
        while self._more():
            pass
        self._send()
        self.close()
        return self._total + sum(size.result() for size in self._waiting)

    def close(self) -> None:
        self._pool.shutdown(wait=True)


def _size(chunk: bytes, before: bytes, level: int) -> int:
    packer = zlib.compressobj(level, wbits=-15, zdict=before)
    return len(packer.compress(chunk)) + len(packer.flush(zlib.Z_SYNC_FLUSH))
