"""What slimify raises."""

from __future__ import annotations


class SlimifyError(Exception):
    """Malformed input or a broken environment. "Cannot decide" is a value, never this.

    `line` is that in the file concerned (None: the whole file), `hint` what the user could do, or "".
    """

    def __init__(self, code: str, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.hint = code, message, line, hint
