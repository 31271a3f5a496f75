"""The results file in JSON Lines, one row per Dockerfile, from which an interrupted scan resumes.

A later row of a Dockerfile replaces an earlier one. Only the offsets of rows are held in memory; rows are
read when needed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from slimify.app import replace_file
from slimify.fleet.rows import SCHEMA, Row
from slimify.model.errors import SlimifyError

_START = f'{{"schema": {SCHEMA}, '.encode()


class ResultsFile:
    """Appends rows and finds existing ones. All rows of a work item are written at once."""

    def __init__(self, path: Path | None) -> None:
        """Opens the file and indexes its rows; without a path, uses an empty temporary file.

        A truncated last line is dropped. Raises SlimifyError if the file is not a results file or can't be
        written.
        """
        self._path = path
        self._offsets: dict[int, tuple[int, ...]] = {}  # by digest of the key, to save memory
        self._has_outdated = False  # whether the file may hold outdated rows
        self._file: IO[bytes] = _open(path)
        try:
            self._load()
        except BaseException:
            self._file.close()
            raise

    def _load(self) -> None:
        end = 0
        for row, length in _rows(self._file, self._path):
            self._index(row["key"], end)
            end += length
        self._file.truncate(end)

    def add(self, rows: Iterable[Row]) -> None:
        start, lines = self._file.seek(0, 2), []
        for row in rows:
            lines.append(_line(row))
            self._index(row["key"], start)
            start += len(lines[-1])
        self._file.write(b"".join(lines))
        self._file.flush()

    def merge(self, path: Path) -> None:
        """Adds the rows of another results file, in place of those of the same work items.

        Raises SlimifyError if it can't be read, or is no results file.
        """
        if self._path is not None and path.exists() and path.samefile(self._path):
            return
        seen: set[str] = set()
        try:
            with path.open("rb") as file:
                for row, _ in _rows(file, path):
                    if row["key"] not in seen:
                        seen.add(row["key"])
                        self.discard(row["key"])
                    self.add((row,))
        except OSError as error:
            raise SlimifyError("SL901", f"cannot read {path}: {error.strerror}") from error

    def current(self) -> Iterator[Row]:
        """All rows that no later one replaces, in file order."""
        return map(json.loads, self._current_lines())

    def rows(self, key: str) -> list[Row]:
        """The current rows of a work item."""
        return [json.loads(line) for _, line in self._lines(_digest(key), key)]

    def _lines(self, digest: int, key: str | None = None) -> list[tuple[int, bytes]]:
        """The offsets and lines of a work item, only the last one for each file."""
        found = {}
        for offset in self._offsets.get(digest, ()):
            self._file.seek(offset)
            line = self._file.readline()
            row = json.loads(line)
            if key in (None, row["key"]):
                found[row["key"], row["file"]] = offset, line
        return list(found.values())

    def _index(self, key: str, offset: int) -> None:
        known = self._offsets.get(_digest(key), ())
        self._offsets[_digest(key)] = (*known, offset)
        self._has_outdated |= bool(known)

    def discard(self, key: str) -> None:
        """Marks the rows of a work item as outdated."""
        self._has_outdated |= bool(self._offsets.pop(_digest(key), None))

    def _current_lines(self) -> Iterator[bytes]:
        """The lines that no later line replaces, in file order."""
        for offset in sorted(offset for digest in self._offsets for offset, _ in self._lines(digest)):
            self._file.seek(offset)
            yield self._file.readline()

    def __enter__(self) -> ResultsFile:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._path is not None and self._has_outdated:
            replace_file.replace_file(self._path, self._current_lines())
        self._file.close()


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def _open(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile()
    if path.exists() and not path.is_file():
        raise SlimifyError(replace_file.CANNOT_WRITE, f"cannot write {path}: it is not a regular file")
    if not path.exists():
        replace_file.replace_file(path, b"")
    try:
        file = path.open("r+b")
    except OSError as error:
        raise SlimifyError(replace_file.CANNOT_WRITE, f"cannot write {path}: {error.strerror}") from error
    if not _lock(file):
        file.close()
        hint = "use a separate file for each scan"
        raise SlimifyError(replace_file.CANNOT_WRITE, f"another scan is writing to {path}", hint=hint)
    return file


def _lock(file: IO[bytes]) -> bool:
    """Locks the file; False if another process holds it. True also where locking is not supported."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _rows(file: Iterable[bytes], path: Path | None) -> Iterator[tuple[Row, int]]:
    """The rows of a results file and the lengths of their lines, without a truncated last line."""
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n") and line[: len(_START)] == _START[: len(line)]:
            break
        yield _parse(line, number, path), len(line)


def _parse(line: bytes, number: int, path: Path | None) -> Row:
    try:
        row: Row = json.loads(line)
        if row["schema"] != SCHEMA or not isinstance(row["key"], str) or not isinstance(row["file"], str):
            raise ValueError
    except (ValueError, TypeError, KeyError) as error:
        raise SlimifyError(
            "SL904", f"{path}: line {number} is not a result of slimify scan", hint="choose another file"
        ) from error
    return row


def _line(row: Row) -> bytes:
    # ASCII only: a file name that is not UTF-8 has lone surrogates
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
