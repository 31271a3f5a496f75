"""Bytes that arrive piece by piece: read once, in order, never held as a whole.

A `Reader` is what tar headers and files are cut from. Readers are stacked: archive ← (gzip or
zstd) ← member of the archive ← (gzip or zstd) ← layer. Whatever is wrong with the bytes becomes an
`ImageError`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO, Literal

from slimify.model.errors import SlimifyError

CHUNK = 256 * 1024
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZSTD_ASIDE = (
    b"\x2a\x4d\x18"  # behind 0x50 to 0x5f: frames without content, with which pzstd begins (RFC 8878)
)
MEMORY = 512 * 1024 * 1024


class ImageError(SlimifyError):
    """An image that cannot be read: SL601 is none, SL602 is damaged, SL603 is unsafe to read on."""


def not_an_image(message: str, *, hint: str = "") -> ImageError:
    """What was given is no image, or not one that slimify reads."""
    return ImageError("SL601", message, hint=hint)


def damaged(message: str) -> ImageError:
    """An image that was cut off or changed on its way."""
    return ImageError("SL602", message, hint="Save or download the image again.")


def unsafe(message: str) -> ImageError:
    """An image that is made to harm its reader."""
    return ImageError("SL603", message)


class Budget:
    """How many bytes all that is remembered of an archive may take. Beyond it: SL603.

    512 MiB stand for about a million files; the largest images have a third of that.
    """

    __slots__ = ("left",)

    def __init__(self, limit: int = MEMORY) -> None:
        self.left = limit

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise unsafe("The image has so many or such long names that reading it would fill the memory.")


class Reader:
    """A buffer over `more`, which gives the next piece, b"" at the end. Subclasses say where from."""

    __slots__ = ("_at", "_buffer")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0

    def _more(self) -> bytes:
        raise NotImplementedError

    def _leap(self, count: int) -> int:
        """Pass over up to `count` bytes behind the buffer unread; how many, 0 where that cannot be done."""
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

    def piece(self, limit: int) -> bytes:
        """At least one and at most `limit` bytes; b"" at the end."""
        at = self._at
        if at == len(self._buffer):
            self._buffer, at = self._more(), 0
        end = min(at + limit, len(self._buffer))
        self._at = end
        return self._buffer[at:end]

    def peek(self, count: int) -> bytes:
        """The next `count` bytes without passing over them; fewer only at the end."""
        if len(self._buffer) - self._at < count:
            start = self.take(count)
            self._buffer = start + self._buffer[self._at :]
            self._at = 0
        return self._buffer[self._at : self._at + count]

    def skip(self, count: int) -> None:
        """Pass over `count` bytes; SL602 if there are not as many."""
        while count:
            step = min(count, len(self._buffer) - self._at)
            self._at += step
            count -= step
            if count and not (passed := self._leap(count)):
                self._buffer, self._at = self._more(), 0
                if not self._buffer:
                    raise cut_off()
            elif count:
                count -= passed

    def drain(self, limit: int) -> None:
        """Read to the end, at most `limit` bytes."""
        while limit > 0 and (piece := self.piece(CHUNK)):
            limit -= len(piece)


def cut_off() -> ImageError:
    return damaged("The image ends in the middle of a file: it was cut off.")


class FileReader(Reader):
    """Over a file, a pipe or a socket; seeks where that is possible."""

    __slots__ = ("_size", "_stream")

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._size = -1
        try:
            if stream.seekable():
                here = stream.tell()
                self._size = stream.seek(0, 2)
                stream.seek(here)
        except OSError:
            self._size = -1

    def _more(self) -> bytes:
        try:
            return self._stream.read(CHUNK) or b""
        except OSError as error:
            raise damaged(f"The image cannot be read: {error.strerror or error}.") from error

    def _leap(self, count: int) -> int:
        # What is shorter comes faster by reading on than by a seek, which throws the file's own buffer away.
        if self._size < 0 or count < CHUNK:
            return super()._leap(count)
        here = self._stream.tell()
        return self._stream.seek(min(here + count, self._size)) - here


class Decompressed(Reader):
    """What a gzip or zstd stream unpacks to, in pieces of bounded size, all its members or frames."""

    __slots__ = ("_decoder", "_ended", "_new", "_source", "_waiting")

    def __init__(self, source: Reader, new: Callable[[], Any]) -> None:
        super().__init__()
        self._source, self._new = source, new
        self._decoder: Any = new()
        self._waiting = b""
        self._ended = False

    def _more(self) -> bytes:
        while not self._ended:
            data = self._waiting or (b"" if self._holds_more() else self._source.piece(CHUNK))
            if not data and not self._holds_more():
                raise damaged("A compressed layer ends too early: it was cut off.")
            try:
                out: bytes = self._decoder.decompress(data, CHUNK)
            except Exception as error:  # zlib.error, or that of whichever zstd module there is
                raise damaged(f"A compressed layer is damaged: {error}.") from error
            self._waiting = getattr(self._decoder, "unconsumed_tail", b"")
            if self._decoder.eof:
                self._next_member()
            if out:
                return out
        return b""

    def _holds_more(self) -> bool:
        """A zstd decoder keeps its input; a zlib one gives it back."""
        return not getattr(self._decoder, "needs_input", True)

    def _next_member(self) -> None:
        rest = self._decoder.unused_data or self._source.piece(CHUNK)
        while rest and not rest.strip(b"\0"):  # gzip allows zeros behind the last member
            rest = self._source.piece(CHUNK)
        self._waiting = rest.lstrip(b"\0") if rest else b""
        self._ended = not self._waiting
        self._decoder = self._new()


def unpacked(source: Reader) -> tuple[Reader, Literal["", "gzip", "zstd"]]:
    """The reader itself, or what it unpacks to, and how it is compressed."""
    magic = source.peek(4)
    if magic[:2] == GZIP:
        return Decompressed(source, lambda: zlib.decompressobj(wbits=31)), "gzip"
    if magic == ZSTD or (magic[1:] == ZSTD_ASIDE and magic[0] >> 4 == 5):
        return Decompressed(source, _zstd()), "zstd"
    return source, ""


def _zstd() -> Callable[[], Any]:
    """Python has zstd from 3.14 on; `backports.zstd` is the same module for those before."""
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
