"""Replaces files atomically."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from msgspec import Struct

from slimify import config
from slimify.config.read_file import MOST_BYTES, open_file, read_stream
from slimify.model.errors import SlimifyError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CANNOT_WRITE = "SL902"
CHANGED = "SL903"


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
    kept; symlinks are followed, but not out of a repository. Temporary files of runs that were killed are
    removed, and a record beside the last file lets `finish_change` end what a kill between the renames
    leaves.

    Raises SlimifyError and leaves all files unchanged: SL903 if one no longer contains `expected`; SL902 if
    one is read-only, not a regular file or has several hard links, its owner can't be kept, or the system
    reports an error (permission, disk full).
    """
    staged: list[tuple[Change, Path, Path]] = []
    done: list[tuple[Path, bytes | None]] = []
    path, record = changes[0].path, None
    with ExitStack() as locks:
        try:
            for change in changes:
                path = change.path
                staged.append((change, *_staged(change, locks)))
            for change, target, _ in staged:
                _check_content(change, target)
            record = _record([pair[1:] for pair in staged], locks) if len(staged) > 1 else None
            for change, target, temporary in staged:
                path, before = change.path, _content(target) if record else None
                temporary.replace(target)
                done.append((target, before))
            for directory in {target.parent for _, target, _ in staged}:
                _sync_directory(directory)
            if record:
                record.unlink()
        except BaseException as error:
            for _, _, temporary in staged:
                temporary.unlink(missing_ok=True)
            _restore(done)
            if record:
                record.unlink(missing_ok=True)
            if not isinstance(error, OSError | RuntimeError):  # RuntimeError: a loop of links, before 3.13
                raise
            raise _write_error(path, error, changes) from error


def _write_error(path: Path, error: Exception, changes: Sequence[Change]) -> SlimifyError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SlimifyError(
        CANNOT_WRITE,
        f"cannot write {path}: {reason}; the file is unchanged",
        hint=_hint(path, in_place=any(change.expected is not None for change in changes)),
    )


# --- a change of several files ------------------------------------------------------------------------


def finish_change(path: Path) -> None:
    """Ends the change of several files that a killed run began, of which this file is the last: all of them
    get their new content, or keep the old one if somebody has edited one since. Raises nothing."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: a loop of links, before 3.13
        record = _record_of(path)
        if not record.is_symlink():
            _finish(record)
        _remove_leftovers(path.resolve())
        _remove_leftovers(record)


def _finish(record: Path) -> None:
    """Does the renames that a record says are left, if no file has changed since, and removes it."""
    with ExitStack() as locks, contextlib.suppress(OSError, ValueError, TypeError):
        if not _is_left(record, locks):
            return
        pairs = [*_recorded(record)]
        if all(temporary.exists() == (_digest(target) == old) for temporary, target, old in pairs):
            for temporary, target, _ in pairs:
                if temporary.exists():
                    temporary.replace(target)
        for temporary, _, _ in pairs:
            temporary.unlink(missing_ok=True)
        record.unlink()


def _record_of(path: Path) -> Path:
    target = path.resolve()
    return target.with_name(f".{target.name}.slimify-change")


def _record(pairs: Sequence[tuple[Path, Path]], locks: ExitStack) -> Path:
    """The record of the renames that come next: for each file its temporary one, and a digest of its old
    content."""
    record = _record_of(pairs[-1][0])
    rows = [(os.path.relpath(target, record.parent), part.name, _digest(target)) for target, part in pairs]
    part = _write_beside(record, json.dumps(rows).encode(), None, locks)
    try:
        part.replace(record)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_directory(record.parent)
    return record


def _recorded(record: Path) -> Iterator[tuple[Path, Path, str | None]]:
    """The temporary file, the file, and the digest of its old content. A record may be a stranger's: only
    files of the repository count, and temporary ones beside them. Raises ValueError for anything else."""
    with open_file(record) as stream:
        rows = json.loads(read_stream(stream, MOST_BYTES))
    for name, part, old in rows:
        target = record.parent / name
        temporary = target.with_name(part)
        if target.is_symlink() or temporary.is_symlink() or not config.is_inside(target, record.parent):
            raise ValueError(name)
        if not _temporary_of(target).fullmatch(part):
            raise ValueError(part)
        yield temporary, target, old


def _digest(target: Path) -> str | None:
    content = _content(target)
    return None if content is None else hashlib.sha256(content).hexdigest()


def _staged(change: Change, locks: ExitStack) -> tuple[Path, Path]:
    """The file that a change is about, and a temporary file with its new content."""
    path = change.path
    if config.leads_out(path) or (change.within is not None and not config.is_inside(path, change.within)):
        raise SlimifyError(CANNOT_WRITE, f"{path} is a symlink that leads out of the repository")
    target = path.resolve()
    old = target.stat() if target.exists() else None
    if old is not None:
        _check_writable(path, old)
    _remove_leftovers(target)
    return target, _write_beside(target, change.data, old, locks)


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
        with contextlib.suppress(OSError), ExitStack() as locks:
            if before is None:
                target.unlink()
            else:
                _write_beside(target, before, target.stat(), locks).replace(target)


def _temporary_of(target: Path) -> re.Pattern[str]:
    return re.compile(rf"\.{re.escape(target.name)}\.slimify-\w+\.tmp")


def _remove_leftovers(target: Path) -> None:
    """Removes the temporary files of processes that were killed while they wrote the same file."""
    pattern = _temporary_of(target)
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            path = target.parent / name
            with ExitStack() as locks:
                if pattern.fullmatch(name) and _is_left(path, locks):
                    path.unlink()


def _is_left(path: Path, locks: ExitStack) -> bool:
    """Whether no process that runs has locked a file. If so, this one has, until the end of `locks`."""
    try:
        return _lock(locks.enter_context(open_file(path)))
    except OSError:
        return False


def _lock(stream: IO[bytes]) -> bool:
    """Locks a file until it is closed or this process ends. Returns whether that works."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (AttributeError, OSError):  # Windows; no such locks in this file system
        return False
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


def _write_beside(
    target: Path, data: bytes | Iterable[bytes], old: os.stat_result | None, locks: ExitStack
) -> Path:
    """A temporary file with `data` and the attributes of `target`, synced, in the same directory. It is
    locked until the end of `locks`."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.slimify-", suffix=".tmp")
    temporary = Path(name)
    try:
        with ExitStack() as closing:
            stream = closing.enter_context(os.fdopen(descriptor, "wb"))
            if _lock(stream):
                locks.push(closing.pop_all())
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
