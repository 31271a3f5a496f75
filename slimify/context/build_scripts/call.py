"""One command of a build script."""

from __future__ import annotations

from msgspec import Struct


class Call(Struct, frozen=True, kw_only=True):
    """One command. Words have no quotes; unknown variables remain as written.

    `assigned` is the variable that receives the output, `stdout` and `stdin` are file names, and
    `piped` is the command that reads the output.
    """

    line: int
    end: int  # its last line
    words: tuple[str, ...]
    assigned_to: str = ""
    stdout: str = ""
    stdin: str = ""
    piped_to: tuple[str, ...] = ()
    reads_pipe: bool = False  # it reads from a pipe
