"""The fields of tar headers: numbers, names, checksums, pax records. Malformed fields raise SL602."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from functools import lru_cache
from typing import Final

from slimify.image.streams import damaged

BLOCK: Final = 512
CAPABILITY = b"SCHILY.xattr.security.capability"
CAPABILITY_BSD = b"LIBARCHIVE.xattr.security.capability"  # in base64
SPARSE = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")  # one pair per stored piece


def number(field: bytes) -> int:
    """A number in octal digits, or in base 256 if the first bit is set (GNU tar)."""
    if field[0] & 0x80:
        value = int.from_bytes(field[1:], "big")
        return value - (1 << 8 * len(field) - 8) if field[0] == 0xFF else value
    try:
        return int(field.rstrip(b"\0 ") or b"0", 8)
    except ValueError:
        try:
            return int(field.split(b"\0", 1)[0].strip() or b"0", 8)
        except ValueError:
            raise damaged("A header in the image is damaged: a number is malformed.") from None


def text(raw: bytes) -> str:
    """A name as text. Bytes that are not UTF-8 become surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")


def string(field: bytes) -> bytes:
    """What stands before the first NUL."""
    return field.partition(b"\0")[0]


def is_header(block: bytes) -> bool:
    """Whether a header's checksum is valid: the sum of its bytes, with the checksum field as spaces.

    The lower half of Adler-32 is that sum + 1 modulo 65521, and is faster than adding in Python. Some
    programs write the sum of signed bytes.
    """
    if len(block) < BLOCK:
        return False
    wanted = _sum_of(block[148:156])
    if wanted is None:
        return False
    if ((zlib.adler32(block) & 0xFFFF) - 1 - wanted) % 65521 == 0:
        return True
    signed: tuple[int, ...] = struct.unpack("512b", block)
    return sum(signed) == wanted


@lru_cache(16_384)
def _sum_of(field: bytes) -> int | None:
    """The sum of a header's bytes that its checksum field demands, the field itself included."""
    return None if field.strip(b"\0 01234567") else number(field) + sum(field) - 256


def read_pax(data: bytes, into: dict[bytes, bytes]) -> None:
    """Add the records `LENGTH KEY=VALUE\\n` of an extended header to `into`.

    Sparse maps in format 0.0 repeat their keys; these are joined as in format 0.1.
    """
    at = 0
    pairs: list[bytes] = []
    while at < len(data) and data[at] != 0:
        space = data.find(b" ", at, at + 20)
        digits = data[at:space]
        if space < 0 or not digits.isdigit():
            raise damaged("An extended header in the image is damaged.")
        end = at + int(digits)
        equals = data.find(b"=", space, end)
        if equals < 0 or end > len(data) or data[end - 1] != 0x0A:
            raise damaged("An extended header in the image is damaged.")
        key, value = data[space + 1 : equals], data[equals + 1 : end - 1]
        if key in SPARSE:
            pairs.append(value)
        else:
            into[key] = value
        at = end
    if pairs:
        into[b"GNU.sparse.map"] = b",".join(pairs)


def decimal(pax: dict[bytes, bytes], key: bytes, default: int) -> int:
    """The decimal number of a pax record, or `default`."""
    value = pax.get(key)
    if value is None:
        return default
    digits = value.strip()
    if not digits.isdigit() or len(digits) > 20:
        raise damaged("An extended header in the image is damaged: a number is malformed.")
    return int(digits)


def capability(pax: dict[bytes, bytes]) -> str:
    """The file's capabilities in hex, or ""."""
    if raw := pax.get(CAPABILITY):
        return raw.hex()
    try:
        return base64.b64decode(pax.get(CAPABILITY_BSD, b"") + b"==").hex()
    except binascii.Error:
        raise damaged("An extended header in the image is damaged: capabilities are malformed.") from None
