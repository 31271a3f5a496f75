"""The fields of tar headers: numbers, names, checksums, pax records. Whatever is wrong is SL602."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Final

from slimify.image.streams import damaged

BLOCK: Final = 512
CAPABILITY = b"SCHILY.xattr.security.capability"
CAPABILITY_BSD = b"LIBARCHIVE.xattr.security.capability"  # in base64
SPARSE = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")  # come in pairs, as often as there are pieces


def number(field: bytes) -> int:
    """A number in octal digits or, with the first bit set, in base 256 (GNU tar)."""
    if field[0] & 0x80:
        value = int.from_bytes(field[1:], "big")
        return value - (1 << 8 * len(field) - 8) if field[0] == 0xFF else value
    try:
        return int(field.rstrip(b"\0 ") or b"0", 8)
    except ValueError:
        try:
            return int(field.split(b"\0", 1)[0].strip() or b"0", 8)
        except ValueError:
            raise damaged("A header in the image is damaged: it has no number where one belongs.") from None


def text(raw: bytes) -> str:
    """A name. Bytes that are no UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def string(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def is_header(block: bytes) -> bool:
    """Whether a header's checksum holds: the sum of its bytes, its own field taken for blanks.

    The lower half of an Adler-32 is one more than that sum modulo 65521, and C adds up faster. Some
    programs add up signed bytes.
    """
    if len(block) < BLOCK:
        return False
    field = block[148:156]
    if field.strip(b"\0 01234567"):
        return False
    wanted = number(field)
    if ((zlib.adler32(block) & 0xFFFF) - 1 - sum(field) + 256 - wanted) % 65521 == 0:
        return True
    signed: tuple[int, ...] = struct.unpack("512b", block)
    return sum(signed) - sum(field) + 256 == wanted


def read_pax(data: bytes, into: dict[bytes, bytes]) -> None:
    """Take up the records `LENGTH KEY=VALUE\\n` of an extended header.

    The pairs of a sparse map in format 0.0 repeat their keys; they are joined as format 0.1 has them.
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
    """A number of an extended header."""
    value = pax.get(key)
    if value is None:
        return default
    digits = value.strip()
    if not digits.isdigit() or len(digits) > 20:
        raise damaged("An extended header in the image is damaged: it has no number where one belongs.")
    return int(digits)


def capability(pax: dict[bytes, bytes]) -> str:
    """The file's capabilities in hex, "" for none."""
    if raw := pax.get(CAPABILITY):
        return raw.hex()
    try:
        return base64.b64decode(pax.get(CAPABILITY_BSD, b"") + b"==").hex()
    except binascii.Error:
        raise damaged("An extended header in the image is damaged: capabilities.") from None
