"""The file of results: JSON Lines, one row a Dockerfile, from which an interrupted run goes on.

A later row of a Dockerfile takes the place of an earlier one. Rows are read from the file when they are
needed: in memory is where they are.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from slimify import write
from slimify.fleet.rows import SCHEMA, Row
from slimify.model import SlimifyError

_START = f'{{"schema": {SCHEMA}, '.encode()


class Record:
    """Appends rows, and knows those that are there. All rows of one piece of work are written at once."""

    def __init__(self, path: Path | None) -> None:
        """Begins with the rows that are there already; without a path, with none, in a file that nobody sees.

        A last line that a kill cut short is left out. Raises SlimifyError where the file is something else,
        or can't be written.
        """
        self._path = path
        self._places: dict[str, dict[str, int]] = {}  # by piece of work and file
        self._superseded = False
        self._file: IO[bytes] = _opened(path)
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def _begin(self) -> None:
        end = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n") and line[: len(_START)] == _START[: len(line)]:
                break
            self._note(_read(line, number, self._path), end)
            end += len(line)
        self._file.truncate(end)

    def add(self, rows: Iterable[Row]) -> None:
        start, lines = self._file.seek(0, 2), []
        for row in rows:
            lines.append(_line(row))
            self._note(row, start)
            start += len(lines[-1])
        self._file.write(b"".join(lines))
        self._file.flush()

    def rows(self, key: str) -> list[Row]:
        """What is known of a piece of work; none: nothing."""
        found = []
        for place in self._places.get(key, {}).values():
            self._file.seek(place)
            found.append(json.loads(self._file.readline()))
        return found

    def _note(self, row: Row, place: int) -> None:
        files = self._places.setdefault(row["key"], {})
        self._superseded |= row["file"] in files
        files[row["file"]] = place

    def forget(self, key: str) -> None:
        """Takes the rows of a piece of work for outdated."""
        self._superseded |= bool(self._places.pop(key, None))

    def _kept(self) -> Iterator[bytes]:
        """The lines that no later one has taken the place of, in their order."""
        for place in sorted(place for files in self._places.values() for place in files.values()):
            self._file.seek(place)
            yield self._file.readline()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._path is not None and self._superseded:
            write.replace_file(self._path, self._kept())
        self._file.close()


def _opened(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile()
    if not path.exists():
        write.replace_file(path, b"")
    try:
        file = path.open("r+b")
    except OSError as error:
        raise SlimifyError(write.CANNOT_WRITE, f"cannot write {path}: {error.strerror}") from error
    if not _locked(file):
        file.close()
        hint = "give each a file of its own"
        raise SlimifyError(write.CANNOT_WRITE, f"another scan writes to {path}", hint=hint)
    return file


def _locked(file: IO[bytes]) -> bool:
    """Whether it is ours alone now. Not every file system or platform can tell; then it is taken to be."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _read(line: bytes, number: int, path: Path | None) -> Row:
    try:
        row: Row = json.loads(line)
        if row["schema"] != SCHEMA or not isinstance(row["key"], str) or not isinstance(row["file"], str):
            raise ValueError
    except (ValueError, TypeError, KeyError) as error:
        raise SlimifyError(
            "SL904", f"{path}: line {number} is no result of slimify scan", hint="name another file"
        ) from error
    return row


def _line(row: Row) -> bytes:
    # ASCII only: a file name that is not UTF-8 has lone surrogates
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
