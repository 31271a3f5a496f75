"""One command of a script that glues Dockerfiles together."""

from __future__ import annotations

from msgspec import Struct


class Call(Struct, frozen=True, kw_only=True):
    """One command. Words without their quotes, variables as written; `assigned` is the variable that gets its
    output, `stdout` and `stdin` are files, `piped` is the command that reads it."""

    line: int
    end: int  # its last line
    words: tuple[str, ...]
    assigned: str = ""
    stdout: str = ""
    stdin: str = ""
    piped: tuple[str, ...] = ()
    fed: bool = False  # it reads what another one prints
