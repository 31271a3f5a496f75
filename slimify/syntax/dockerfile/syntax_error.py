"""Errors about a Dockerfile whose messages are safe to print."""

from __future__ import annotations

from slimify.model.errors import SlimifyError

_MAX_LENGTH = 160


def syntax_error(code: str, message: str, line: int, hint: str = "") -> SlimifyError:
    """A SlimifyError that may quote an untrusted file: control characters and invalid bytes are
    escaped, and long texts are truncated."""
    return SlimifyError(code, _printable(message), line=line, hint=_printable(hint))


def _printable(text: str) -> str:
    short = text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "…"
    return "".join(char if char.isprintable() else _escaped(char) for char in short)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
