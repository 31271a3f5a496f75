"""Calls a function in a child process with limits on time, memory and the size of its result."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

_SECONDS = 10
_MEMORY = 500_000_000  # bytes, in addition to what the process already has
_MAX_RESULT = 10_000_000  # bytes


def limited(call: Callable[[], str], most: int = _MAX_RESULT) -> str:
    """The result of `call`, of at most `most` bytes. Raises ValueError with a message if it fails or exceeds
    a limit.

    A sandbox keeps a template from executing Python, but not from loops and texts without end; a regular
    expression may try every way to match. Where the platform has no processes that share memory (Windows),
    there are no limits.
    """
    if not hasattr(os, "fork"):
        return call()
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the child only renders
        child = os.fork()
    if child == 0:
        _answer(call, writer)
    os.close(writer)
    try:
        answer = _read(reader, most)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not answer:
        raise ValueError("it needs too much memory or time")
    text = answer[1:].decode("utf-8", "surrogateescape")
    if answer[:1] == b"-":
        raise ValueError(text)
    return text


def _read(reader: int, most: int) -> bytes:
    """What the child writes until it ends. Raises ValueError if that takes too long or is too much."""
    parts: list[bytes] = []
    size, end = 0, time.monotonic() + _SECONDS
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(reader, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > most:
            raise ValueError(f"it makes more than {most // 10**6} MB")
    raise ValueError(f"it takes more than {_SECONDS} s")


def _answer(call: Callable[[], str], writer: int) -> None:
    """In the child: writes the result or the message of the failure, and ends the process."""
    code = 1
    try:
        _limit_memory()
        try:
            answer = b"+" + call().encode("utf-8", "surrogateescape")
        except Exception as error:
            answer = f"-{str(error) or type(error).__name__}".encode("utf-8", "replace")
        view = memoryview(answer)
        while view:
            view = view[os.write(writer, view) :]
        code = 0
    finally:
        os._exit(code)


def _limit_memory() -> None:
    import resource

    with contextlib.suppress(OSError, ValueError):  # not on every platform
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, used + _MEMORY))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
