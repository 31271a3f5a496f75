"""Buffered, forward-only readers of byte streams.

Readers are stacked: archive ← (gzip or zstd) ← archive member ← (gzip or zstd) ← layer. What is not
compressed is a section of its file, of which only what somebody asks for is read. All errors are
`ImageError`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from io import UnsupportedOperation
from typing import Any, BinaryIO, Literal

from msgspec import Struct

from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

CHUNK = 256 * 1024
SMALL = 512  # bytes that a decoder gets at the start of a member
EXPANSION = 1100  # bytes that come out of one: more than the most of gzip
FREE_EXPANSION = 1 << 30
_NULLS = regex(rb"\0+")
PIPE = 1024 * 1024  # bytes that may wait in a pipe: what Linux allows everybody
FIRST = 16 * 1024  # bytes read after a skip; then twice as many each time, up to CHUNK
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZSTD_ASIDE = b"\x2a\x4d\x18"  # after 0x50 to 0x5f: skippable frames, with which pzstd starts (RFC 8878)
MEMORY = 512 * 1024 * 1024
HOLES = 1024 * 1024 * 1024


class ImageError(SlimifyError):
    """An image can't be read: SL601 not an image, SL602 damaged, SL603 unsafe."""


def not_an_image(message: str, *, hint: str = "") -> ImageError:
    """SL601: the input is not an image, or not one that slimify supports."""
    return ImageError("SL601", message, hint=hint)


def damaged(message: str) -> ImageError:
    """SL602: the image is truncated or corrupted."""
    return ImageError("SL602", message, hint="Save or download the image again.")


def unsafe(message: str) -> ImageError:
    """SL603: the image could harm its reader."""
    return ImageError("SL603", message)


class Budget:
    """The memory limit for one archive, in bytes. Beyond it, ImageError SL603 is raised.

    512 MiB are enough for a million files; the largest images have 330,000. `holes`: bytes of sparse files
    that may still be hashed including their holes, which take no place in the archive.
    """

    __slots__ = ("holes", "left")

    def __init__(self, limit: int = MEMORY) -> None:
        self.left = limit
        self.holes = HOLES

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise unsafe("The image has too many or too long file names to fit into memory.")


class Reader:
    """A buffer over `_more`, which subclasses implement: it returns the next piece, b"" at the end."""

    __slots__ = ("_at", "_buffer")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0

    def _more(self) -> bytes:
        raise NotImplementedError

    def position(self) -> int:
        """The place of the next byte in the file; -1 if it is nowhere in a file as it is read."""
        return -1

    def _seek(self, count: int) -> int:
        """Seek up to `count` bytes past the buffer. Returns how many; 0 if it can't seek."""
        del count
        return 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        at, end = self._at, self._at + count
        if end <= len(self._buffer):
            self._at = end
            return self._buffer[at:end]
        parts = [self._buffer[at:]]
        missing = count - len(parts[0])
        self._buffer, self._at = b"", 0
        while missing and (piece := self.piece(missing)):
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)

    def take_after(self, rest: int, count: int) -> bytes:
        """Skips `rest` bytes, then takes `count`."""
        end = self._at + rest + count
        if end <= len(self._buffer):
            self._at = end
            return self._buffer[end - count : end]
        self.skip(rest)
        return self.take(count)

    def piece(self, limit: int) -> bytes:
        """At least one and at most `limit` bytes; b"" at the end."""
        at = self._at
        if at == len(self._buffer):
            self._buffer, at = self._more(), 0
        end = min(at + limit, len(self._buffer))
        self._at = end
        return self._buffer[at:end]

    def peek(self, count: int) -> bytes:
        """The next `count` bytes without consuming them; fewer only at the end."""
        if len(self._buffer) - self._at < count:
            start = self.take(count)
            self._buffer = start + self._buffer[self._at :]
            self._at = 0
        return self._buffer[self._at : self._at + count]

    def skip(self, count: int) -> None:
        """Skip `count` bytes. Raises ImageError SL602 if there are fewer."""
        while count:
            step = min(count, len(self._buffer) - self._at)
            self._at += step
            count -= step
            if count and not (passed := self._seek(count)):
                self._buffer, self._at = self._more(), 0
                if not self._buffer:
                    raise truncated()
            elif count:
                count -= passed

    def drain(self, limit: int) -> None:
        """Read and discard the remaining bytes, at most `limit`."""
        while limit > 0 and (piece := self.piece(CHUNK)):
            limit -= len(piece)


def truncated() -> ImageError:
    return damaged("The image is truncated: it ends within a file.")


class FileReader(Reader):
    """Reads a pipe, a socket, or a file from front to back."""

    __slots__ = ("_stream",)

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        with suppress(ImportError, AttributeError, OSError, ValueError):  # Linux has it, for pipes
            import fcntl

            # The writer waits sixteen times less often than with 64 KiB.
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE)

    def _more(self) -> bytes:
        try:
            return self._stream.read(CHUNK) or b""
        except OSError as error:
            raise damaged(f"The image cannot be read: {error.strerror or error}.") from error


class Store(Struct, frozen=True):
    """A file that can be read anywhere, by several threads at a time: `read` takes a count and a place."""

    read: Callable[[int, int], bytes]
    size: int


def store_of(stream: BinaryIO) -> tuple[Store, int] | None:
    """The file behind a stream and the place where the stream is; None for a pipe."""
    try:
        if not stream.seekable():
            return None
        here = stream.tell()
        size = stream.seek(0, 2)
        stream.seek(here)
        descriptor = stream.fileno()
    except UnsupportedOperation:  # bytes in memory
        return Store(lambda count, at: stream.read(count) if stream.seek(at) >= 0 else b"", size), here
    except OSError:
        return None

    def read(count: int, at: int) -> bytes:
        try:
            return os.pread(descriptor, count, at)
        except OSError as error:
            raise damaged(f"The image cannot be read: {error.strerror or error}.") from error

    return Store(read, size), here


class Section(Reader):
    """Reads `size` bytes of a file from `start` on, and skips what nobody reads."""

    __slots__ = ("_end", "_next", "_step", "_whole", "store")

    def __init__(self, store: Store, start: int, size: int) -> None:
        super().__init__()
        self.store, self._next, self._end = store, start, max(start, min(start + size, store.size))
        self._whole = start + size <= store.size
        self._step = FIRST

    def position(self) -> int:
        return self._next - len(self._buffer) + self._at

    def _more(self) -> bytes:
        piece = self.store.read(min(self._step, self._end - self._next), self._next)
        if not piece and not self._whole:
            raise truncated()
        self._next += len(piece)
        self._step = min(2 * self._step, CHUNK)
        return piece

    def _seek(self, count: int) -> int:
        step = min(count, self._end - self._next)
        self._next += step
        self._step = FIRST
        return step


class Decompressed(Reader):
    """The decompressed content of a gzip or zstd stream with all its members, in bounded pieces.

    What is in `within`, a compressed archive, is compressed twice: then what comes out is limited by the size
    of the archive, as for anything that is compressed once.
    """

    __slots__ = (
        "_at_most",
        "_decoder",
        "_ended",
        "_from",
        "_held",
        "_new",
        "_source",
        "_within",
        "expanded",
        "taken",
    )

    def __init__(self, source: Reader, new: Callable[[], Any], within: Decompressed | None) -> None:
        super().__init__()
        self._source, self._new, self._within = source, new, within
        self._decoder: Any = new()
        self._held, self._from = b"", 0  # input, and where the part begins that is not decoded yet
        self._at_most = SMALL  # bytes that the decoder gets next: it copies those behind the end of a member
        self._ended = False
        self.taken = 0  # bytes of input
        self.expanded = 0  # bytes of all that was compressed in this

    def _more(self) -> bytes:
        while not self._ended:
            if not self._holds_more():
                self._fill()
                if self._from == len(self._held):
                    raise damaged("A compressed layer is truncated.")
            data = self._held[self._from : self._from + self._at_most]
            try:
                out: bytes = self._decoder.decompress(data, CHUNK)
            except Exception as error:  # zlib.error, or the error of the zstd module in use
                raise damaged(f"A compressed layer is damaged: {error}.") from error
            ended = self._decoder.eof
            left = self._decoder.unused_data if ended else getattr(self._decoder, "unconsumed_tail", b"")
            self._from += len(data) - len(left)
            self._at_most = min(2 * self._at_most, CHUNK)
            if ended:
                self._next_member()
            if out:
                self._count(len(out))
                return out
        return b""

    def _fill(self) -> None:
        """Reads more input if there is none."""
        if self._from == len(self._held):
            self._held, self._from = self._source.piece(CHUNK), 0
            self.taken += len(self._held)

    def _count(self, number: int) -> None:
        if self._within is not None:
            self._within.expanded += number
            if self._within.expanded > EXPANSION * self._within.taken + FREE_EXPANSION:
                raise unsafe("The image is compressed twice, and expands to far more than its size.")

    def _holds_more(self) -> bool:
        """Whether the decoder still has input. A zstd decoder buffers it; a zlib one returns it."""
        return not getattr(self._decoder, "needs_input", True)

    def _next_member(self) -> None:
        self._fill()
        while self._held and (nulls := _NULLS.match(self._held, self._from)):  # gzip allows them at the end
            self._from = nulls.end()
            if self._from < len(self._held):
                break
            self._fill()
        self._ended = not self._held
        self._decoder, self._at_most = self._new(), SMALL


def decompressed(
    source: Reader, within: Decompressed | None = None
) -> tuple[Reader, Literal["", "gzip", "zstd"]]:
    """A reader of the decompressed content, and the compression ("" for none). `within` is the archive that
    contains the source, if it is compressed."""
    magic = source.peek(4)
    if magic[:2] == GZIP:
        return Decompressed(source, lambda: zlib.decompressobj(wbits=31), within), "gzip"
    if magic == ZSTD or (magic[1:] == ZSTD_ASIDE and magic[0] >> 4 == 5):
        return Decompressed(source, _zstd(), within), "zstd"
    return source, ""


def _zstd() -> Callable[[], Any]:
    """The zstd decoder of Python 3.14 or of `backports.zstd`."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            decoder: Callable[[], Any] = import_module(name).ZstdDecompressor
        except ImportError:
            continue
        return decoder
    raise not_an_image(
        "The image is compressed with zstd, which this Python cannot read.",
        hint="Install backports.zstd, or use Python 3.14 or later.",
    )
