"""Replaces files atomically."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from slimify import config
from slimify.model.errors import SlimifyError

CANNOT_WRITE = "SL902"
CHANGED = "SL903"
_LEFT_AFTER = 60  # seconds until a temporary file is left over


class Change(Struct, frozen=True, kw_only=True):
    """The new content of a file, in bytes or their parts.

    `expected` is its content when it was read. `within` is given for a path that the user did not name: a
    directory in whose repository the file must be. `new`: the file must not exist yet.
    """

    path: Path
    data: bytes | Iterable[bytes]
    expected: bytes | None = None
    within: Path | None = None
    new: bool = False


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, expected: bytes | None = None, within: Path | None = None
) -> None:
    """Replaces one file, see `replace_files`."""
    replace_files((Change(path=path, data=data, expected=expected, within=within),))


def replace_files(changes: Sequence[Change]) -> None:
    """Writes files, all or none of them. Missing ones are created.

    The bytes are written to temporary files next to the targets and synced. Only when all of them are there,
    they are renamed, one right after the other. Mode, owner and extended attributes of existing files are
    kept; symlinks are followed. Temporary files of runs that were killed are removed.

    Raises SlimifyError and leaves all files unchanged: SL903 if one no longer contains `expected`; SL902 if
    one is read-only, not a regular file or has several hard links, its owner can't be kept, or the system
    reports an error (permission, disk full).
    """
    staged: list[tuple[Change, Path, Path]] = []
    done: list[tuple[Path, bytes | None]] = []
    path = changes[0].path
    try:
        for change in changes:
            path = change.path
            staged.append((change, *_staged(change)))
        for change, target, _ in staged:
            _check_content(change, target)
        for change, target, temporary in staged:
            path, before = change.path, _content(target) if len(staged) > 1 else None
            temporary.replace(target)
            done.append((target, before))
        for directory in {target.parent for _, target, _ in staged}:
            _sync_directory(directory)
    except BaseException as error:
        for _, _, temporary in staged:
            temporary.unlink(missing_ok=True)
        _restore(done)
        if not isinstance(error, OSError | RuntimeError):  # RuntimeError: a symlink loop, before Python 3.13
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SlimifyError(
            CANNOT_WRITE,
            f"cannot write {path}: {reason}; the file is unchanged",
            hint=_hint(path, in_place=any(change.expected is not None for change in changes)),
        ) from error


def _staged(change: Change) -> tuple[Path, Path]:
    """The file that a change is about, and a temporary file with its new content."""
    path = change.path
    if change.within is not None and not config.is_inside(path, change.within):
        raise SlimifyError(CANNOT_WRITE, f"{path} is a symlink that leads out of the repository")
    target = path.resolve()
    old = target.stat() if target.exists() else None
    if old is not None:
        _check_writable(path, old)
    _remove_leftovers(target)
    return target, _write_beside(target, change.data, old)


def _check_content(change: Change, target: Path) -> None:
    if change.new and target.exists():
        raise SlimifyError(
            CHANGED, f"{change.path} was created meanwhile, and is not overwritten", hint="run slimify again"
        )
    if change.expected is not None and _content(target) != change.expected:
        raise SlimifyError(
            CHANGED,
            f"{change.path} has changed since it was read, and is not overwritten",
            hint="run slimify again",
        )


def _restore(done: Iterable[tuple[Path, bytes | None]]) -> None:
    """Gives files that were renamed before an error their old content."""
    for target, before in done:
        with contextlib.suppress(OSError):
            if before is None:
                target.unlink()
            else:
                temporary = _write_beside(target, before, target.stat())
                temporary.replace(target)


def _remove_leftovers(target: Path) -> None:
    """Removes the temporary files of processes that were killed while they wrote the same file."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.slimify-(\d+)-\w+\.tmp")
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            found = pattern.fullmatch(name)
            path = target.parent / name
            if found and time.time() - path.lstat().st_mtime > _LEFT_AFTER and not _is_running(int(found[1])):
                path.unlink()


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True  # a signal of 0 means something else there
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


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
    if old.st_nlink > 1:
        raise SlimifyError(
            CANNOT_WRITE,
            f"cannot write {path}: it has {old.st_nlink} hard links, which would no longer be the same file",
            hint="print the new file with --output -, and write it with a program that keeps hard links",
        )


def _write_beside(target: Path, data: bytes | Iterable[bytes], old: os.stat_result | None) -> Path:
    """A temporary file with `data` and the attributes of `target`, synced, in the same directory."""
    descriptor, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}.slimify-{os.getpid()}-", suffix=".tmp"
    )
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
