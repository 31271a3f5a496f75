"""The one place where messages about a Dockerfile are made, so that they are safe to print."""

from __future__ import annotations

from slimify.model.errors import SlimifyError

_LONGEST = 160


def fault(code: str, message: str, line: int, hint: str = "") -> SlimifyError:
    """A SlimifyError whose texts may hold words of a hostile file: no control characters, no stray
    bytes, nothing endless."""
    return SlimifyError(code, _printable(message), line=line, hint=_printable(hint))


def _printable(text: str) -> str:
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(char if char.isprintable() else _escaped(char) for char in short)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte that is no UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
