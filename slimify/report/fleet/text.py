"""The rows of `scan` as text: totals and the largest savings."""

from __future__ import annotations

import collections
import heapq
import os
from collections.abc import Mapping
from typing import Any

from slimify.facts.system import sample_directories
from slimify.model.counts import counted
from slimify.report.ansi import Paint
from slimify.report.printable import shown
from slimify.report.text import PLAIN, size

Row = Mapping[str, Any]
_MOST = 20  # rows of one kind that are listed


class Tally:
    """Counts rows and keeps the most relevant ones, in constant memory."""

    def __init__(self) -> None:
        self.files = self.saving = self.measured = self.built = 0
        self.samples: list[int] = []  # what each Dockerfile of tests and examples could save
        self.repositories: set[str] = set()
        self.best: list[tuple[int, int, Row]] = []  # a heap: saving, then order of arrival
        self.rewritten = 0
        self.unread, self.unproven = _First(), _First()
        self._count: collections.Counter[str] = collections.Counter()
        self._saved: collections.Counter[str] = collections.Counter()

    def add(self, row: Row) -> None:
        saving, name = row["saving"] or 0, row["outcome"]
        if is_sample(row):
            self.samples.append(saving)
            return
        self.files += 1
        self.repositories.add(row["repository"])
        self.saving += saving
        self.measured += saving if row["measured"] else 0
        if name == "rewritten":
            name = ", ".join(filter(None, (name, row["rung"], verdict(row))))
            self.rewritten += 1
            put = heapq.heappush if len(self.best) < _MOST else heapq.heappushpop
            put(self.best, (saving, -self.files, row))
        elif row.get("unsupported") and name == "unchanged":
            name = f"not supported yet ({row['unsupported']})"
        self.unread.add(row, row["outcome"] == "failed")
        self.unproven.add(row, verdict(row) not in ("", "equal"))
        self.built += bool(verdict(row))
        self._count[name] += 1
        self._saved[name] += saving

    def totals(self) -> list[tuple[str, int, int]]:
        """Outcome (with rung and verdict), number of Dockerfiles, bytes to save; most frequent first."""
        order = sorted(self._count.items(), key=lambda item: (-item[1], item[0]))
        return [(name, number, self._saved[name]) for name, number in order]

    @property
    def title(self) -> str:
        files, repositories = counted(self.files, "Dockerfile"), counted(len(self.repositories), "repository")
        told = f"{size(self.measured)} of it measured" if self.measured else ""
        saved = f"about {size(self.saving)} to save" if self.saving else "nothing to save"
        return ", ".join(filter(None, (f"{files} in {repositories}", saved, told)))


class _First:
    """The first rows of a kind, and their total number."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.number = 0

    def add(self, row: Row, concerned: bool) -> None:
        self.number += concerned
        if concerned and len(self.rows) < _MOST:
            self.rows.append(row)


def is_sample(row: Row) -> bool:
    """Whether a Dockerfile belongs to tests or examples of its repository, by a directory that it is in."""
    file, repository = str(row["file"]) or os.curdir, str(row["repository"])
    path = os.path.relpath(file, repository) if _is_inside(row) else file
    return not sample_directories().isdisjoint(path.split(os.sep)[:-1])


def _is_inside(row: Row) -> bool:
    """Whether the path of a Dockerfile begins with its repository: not so in a clone."""
    return str(row["repository"]) == os.curdir or str(row["file"]).startswith(str(row["repository"]))


def verdict(row: Row) -> str:
    """The verdict of the proof; "" if nothing was built."""
    return row["proof"]["verdict"] if row["proof"] else ""


def place(row: Row) -> str:
    """The path of the Dockerfile, with its repository if that was cloned."""
    repository, file = shown(str(row["repository"])), shown(str(row["file"]))
    return file if file and _is_inside(row) else f"{repository}  {file}".rstrip()


def text(tally: Tally, *, paint: Paint = PLAIN) -> str:
    """Totals, the largest savings, and failures."""
    lines = [tally.title]
    lines += [f"  {number:5}  {name}{_about(saved)}" for name, number, saved in tally.totals()]
    if tally.best:
        lines += ["", paint("Largest savings:", "bold")]
        lines += [_saving(row) for _, _, row in sorted(tally.best, key=lambda item: (-item[0], -item[1]))]
        lines += _more(tally.rewritten)
    if tally.samples:
        number, saved = counted(len(tally.samples), "Dockerfile"), sum(tally.samples)
        about = f", about {size(saved)} to save" if saved else ""
        lines += ["", f"Not counted: {number} below tests and examples{about}"]
    for title, found in (("Not proven:", tally.unproven), ("Failed:", tally.unread)):
        if found.rows:
            lines += ["", paint(title, "bold"), *(f"  {place(row)}: {_why(row)}" for row in found.rows)]
            lines += _more(found.number)
    return "\n".join(lines) + "\n"


def _saving(row: Row) -> str:
    told = " (measured)" if row["measured"] else f" ({verdict(row)})" if verdict(row) else ""
    return f"  {size(row['saving'] or 0):>8} of {size(row['original'] or 0):>8}  {place(row)}{told}"


def built(row: Row) -> str:
    """The result of building both images, in one line."""
    if verdict(row) == "equal":
        return f"{place(row)}: equal, saves {size(row['saving'])} of {size(row['original'])}\n"
    return f"{place(row)}: {', '.join(filter(None, (verdict(row), _why(row))))}\n"


def _why(row: Row) -> str:
    return shown(" ".join(row["reasons"][0].split())) if row["reasons"] else ""


def _about(saved: int) -> str:
    return f" (about {size(saved)})" if saved else ""


def _more(number: int) -> list[str]:
    return [f"  and {number - _MOST} more"] if number > _MOST else []
