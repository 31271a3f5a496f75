"""The file of results: JSON Lines, one row a Dockerfile, from which an interrupted run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from slimify import write
from slimify.fleet.rows import SCHEMA, Row
from slimify.model import SlimifyError


def read(path: Path) -> list[Row]:
    """The rows of a file of results; none where there is no file.

    A last line that a kill cut short is left out. Raises SlimifyError where the file is something else.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    rows = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            row = json.loads(line)
            if row["schema"] != SCHEMA:
                raise ValueError
            rows.append(row)
        except (ValueError, TypeError, KeyError) as error:
            raise SlimifyError(
                "SL904", f"{path}: line {number} is no result of slimify scan", hint="name another file"
            ) from error
    return rows


class Record:
    """Appends rows. All rows of one piece of work are written at once."""

    def __init__(self, path: Path, rows: Iterable[Row]) -> None:
        """Begins with the rows that are there already. Raises SlimifyError where it can't be written."""
        write.replace_file(path, b"".join(_line(row) for row in rows))
        self._file = path.open("ab")

    def add(self, rows: Iterable[Row]) -> None:
        self._file.write(b"".join(_line(row) for row in rows))
        self._file.flush()

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()


def _line(row: Row) -> bytes:
    # ASCII only: a file name that is not UTF-8 has lone surrogates
    return json.dumps(row, ensure_ascii=True).encode("ascii") + b"\n"
