"""The file of results: JSON Lines, one row a Dockerfile, from which an interrupted run goes on.

A later row of a Dockerfile takes the place of an earlier one. Rows are read from the file when they are
needed: in memory is where they are.
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


class Record:
    """Appends rows, and knows those that are there. All rows of one piece of work are written at once."""

    def __init__(self, path: Path | None) -> None:
        """Begins with the rows that are there already; without a path, with none, in a file that nobody sees.

        A last line that a kill cut short is left out. Raises SlimifyError where the file is something else,
        or can't be written.
        """
        self._path = path
        self._places: dict[int, tuple[int, ...]] = {}  # by piece of work, in few bytes
        self._several = False  # rows of one piece of work, of which some may be outdated
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
            self._note(_read(line, number, self._path)["key"], end)
            end += len(line)
        self._file.truncate(end)

    def add(self, rows: Iterable[Row]) -> None:
        start, lines = self._file.seek(0, 2), []
        for row in rows:
            lines.append(_line(row))
            self._note(row["key"], start)
            start += len(lines[-1])
        self._file.write(b"".join(lines))
        self._file.flush()

    def rows(self, key: str) -> list[Row]:
        """What is known of a piece of work; none: nothing."""
        return [json.loads(line) for _, line in self._lines(_short(key), key)]

    def _lines(self, short: int, key: str | None = None) -> list[tuple[int, bytes]]:
        """The lines of a piece of work, and where they are: of each file the last one."""
        found = {}
        for place in self._places.get(short, ()):
            self._file.seek(place)
            line = self._file.readline()
            row = json.loads(line)
            if key in (None, row["key"]):
                found[row["key"], row["file"]] = place, line
        return list(found.values())

    def _note(self, key: str, place: int) -> None:
        known = self._places.get(_short(key), ())
        self._places[_short(key)] = (*known, place)
        self._several |= bool(known)

    def forget(self, key: str) -> None:
        """Takes the rows of a piece of work for outdated."""
        self._several |= bool(self._places.pop(_short(key), None))

    def _kept(self) -> Iterator[bytes]:
        """The lines that no later one has taken the place of, in their order."""
        for place in sorted(place for short in self._places for place, _ in self._lines(short)):
            self._file.seek(place)
            yield self._file.readline()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._path is not None and self._several:
            replace_file.replace_file(self._path, self._kept())
        self._file.close()


def _short(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def _opened(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile()
    if not path.exists():
        replace_file.replace_file(path, b"")
    try:
        file = path.open("r+b")
    except OSError as error:
        raise SlimifyError(replace_file.CANNOT_WRITE, f"cannot write {path}: {error.strerror}") from error
    if not _locked(file):
        file.close()
        hint = "give each a file of its own"
        raise SlimifyError(replace_file.CANNOT_WRITE, f"another scan writes to {path}", hint=hint)
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
