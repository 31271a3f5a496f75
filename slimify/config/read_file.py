"""Reads files that may be anything: pipes without a writer, devices without an end, terabytes of nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_DESCRIPTORS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # pipes of the shell: <(…)
MOST_BYTES = 1_000_000  # of a Dockerfile, a settings file or a manifest


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened. Raises OSError, at once, for anything else."""
    is_pipe = str(path).startswith(_DESCRIPTORS)
    descriptor = os.open(path, os.O_RDONLY | (0 if is_pipe else getattr(os, "O_NONBLOCK", 0)))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) and not is_pipe:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises OSError, at once, for anything else."""
    with open_file(path) as stream:
        return read_stream(stream, most)


def read_stream(stream: BinaryIO, most: int) -> bytes:
    """The at most `most` bytes of a stream. Raises OSError if there are more."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 10**6} MB")
    return data
