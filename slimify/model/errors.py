"""The exception that slimify raises."""

from __future__ import annotations


class SlimifyError(Exception):
    """Malformed input or a broken environment. "Cannot decide" is a value, never an exception.

    `line` is the line of the file concerned (None: the whole file). `hint` suggests a fix, or is "".
    """

    def __init__(self, code: str, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.hint = code, message, line, hint
