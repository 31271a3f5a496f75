"""Replaces a file atomically."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from slimify import config
from slimify.model.errors import SlimifyError

CANNOT_WRITE = "SL902"
CHANGED = "SL903"


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, expected: bytes | None = None, within: Path | None = None
) -> None:
    """Writes `data` (bytes, or their parts) to `path`, which is created if missing.

    The bytes are written to a temporary file next to the target, synced, and then renamed. Mode, owner and
    extended attributes of an existing file are kept; symlinks are followed. `expected` is the content of the
    file when it was read. `within` is given for a path that the user did not name: a directory in whose
    repository the file must be.

    Raises SlimifyError and leaves the file unchanged: SL903 if it no longer contains `expected`; SL902 if it
    is read-only or not a regular file, its owner can't be kept, or the system reports an error (permission,
    disk full).
    """
    if within is not None and not config.is_inside(path, within):
        raise SlimifyError(CANNOT_WRITE, f"{path} is a symlink that leads out of the repository")
    try:
        target = path.resolve()
        old = target.stat() if target.exists() else None
        if old is not None:
            _check_writable(path, old)
        temporary = _write_beside(target, data, old)
        try:
            if expected is not None and _content(target) != expected:
                raise SlimifyError(
                    CHANGED,
                    f"{path} has changed since it was read, and is not overwritten",
                    hint="run slimify again",
                )
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(target.parent)
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop, before Python 3.13
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SlimifyError(
            CANNOT_WRITE,
            f"cannot write {path}: {reason}; the file is unchanged",
            hint=_hint(path, in_place=expected is not None),
        ) from error


def _hint(path: Path, *, in_place: bool) -> str:
    """What to do about a file that the system does not let be written."""
    if in_place:
        return "without --write, the change is printed as a diff"
    return "" if path.parent.is_dir() else f"mkdir -p {path.parent}"


def _check_writable(path: Path, old: os.stat_result) -> None:
    if not stat.S_ISREG(old.st_mode):
        raise SlimifyError(CANNOT_WRITE, f"cannot write {path}: it is not a regular file")
    # A rename does not check the permission to write the file, and root always has it: a file without a
    # write bit is meant to stay unchanged.
    if not old.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise SlimifyError(
            CANNOT_WRITE,
            f"cannot write {path}: the file is read-only",
            hint=f"chmod u+w {path}",
        )


def _write_beside(target: Path, data: bytes | Iterable[bytes], old: os.stat_result | None) -> Path:
    """A temporary file with `data` and the attributes of `target`, synced, in the same directory."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines((data,) if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        if old is None:
            temporary.chmod(0o666 & ~_umask())
        else:
            _copy_attributes(target, old, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _copy_attributes(target: Path, old: os.stat_result, temporary: Path) -> None:
    if hasattr(os, "chown"):  # not on Windows
        made = temporary.stat()
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            os.chown(temporary, old.st_uid, old.st_gid)
    if hasattr(os, "listxattr"):  # Linux: access lists and security labels
        with contextlib.suppress(OSError):
            for attribute in os.listxattr(target):
                with contextlib.suppress(OSError):
                    os.setxattr(temporary, attribute, os.getxattr(target, attribute))
    temporary.chmod(stat.S_IMODE(old.st_mode))


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _sync_directory(directory: Path) -> None:
    """Makes the rename durable, if the file system and the platform support it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
