"""The rows of `scan` as a self-contained HTML page."""

from __future__ import annotations

import collections
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from slimify.languages import language
from slimify.model.counts import counted
from slimify.report.diff import marked
from slimify.report.fleet.text import Row, Tally, is_sample, place, verdict
from slimify.report.markup import escaped, frame
from slimify.report.printable import masked, shown
from slimify.report.text import percent, size

DIFF_BUDGET = 8_000_000  # characters of diffs on a page
_MOST_GROUPS = 12  # bars of the chart
_SAMPLE = "tests and examples"


class _Entry(Struct, frozen=True, order=True):
    """A row on the page: its order and where it is in the file."""

    sample: bool
    gain: int  # minus the saving
    repository: str
    place: str
    offset: int


class Page:
    """Collects rows in a temporary file until the page is written, to save memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the page
        self._order: list[_Entry] = []
        self._largest = 1  # bytes of an image
        self._seen: dict[str, set[str]] = {"outcome": set(), "language": set(), "place": set()}

    def add(self, row: Row) -> None:
        at, cells = self._file.seek(0, 2), _cells(row)
        repository = shown(str(row["repository"]))
        self._order.append(_Entry(is_sample(row), -cells["bytes"], repository, cells["place"], at))
        self._largest = max(self._largest, cells["image"])
        for name, cell in (("outcome", "outcome"), ("language", "language"), ("place", "kind")):
            self._seen[name].add(cells[cell])
        self._file.write(json.dumps(cells).encode("ascii") + b"\n")

    def parts(self, tally: Tally) -> Iterator[bytes]:
        """The page in parts: totals, a chart, and all rows, the largest saving first, then by name; tests and
        examples come last. With JavaScript the rows can be sorted and filtered."""
        from slimify.render import stream_page

        self._order.sort()
        totals = tally.totals()
        most = max((saved for *_, saved in totals), default=0) or 1
        values = {
            "title": tally.title,
            "figures": _figures(tally),
            "totals": [
                (name, count, size(saved) if saved else "", _share(saved, most))
                for name, count, saved in totals
            ],
            "group": "Repository" if len(tally.repositories) > 1 else "Dockerfile",
            "groups": self._groups(by_repository=len(tally.repositories) > 1),
            "choices": [
                (name, title, sorted(self._seen[name] - {""}))
                for name, title in (("outcome", "Outcome"), ("language", "Language"), ("place", "Place"))
                if len(self._seen[name]) > 1
            ],
        }
        found = stream_page(
            "report/fleet.html.j2", rows=self._rows(), **frame("fleet", "rows"), **escaped(values)
        )
        for part in found:
            yield part.encode("utf-8", "backslashreplace")

    def _groups(self, *, by_repository: bool) -> list[tuple[str, int, str, str, str]]:
        """The bars of the chart: name, number of its first row, saving, share, width in percent."""
        saved: collections.Counter[str] = collections.Counter()
        first: dict[str, int] = {}
        for number, entry in enumerate(self._order, 1):
            if entry.gain and not entry.sample:
                name = entry.repository if by_repository else entry.place
                saved[name] -= entry.gain
                first.setdefault(name, number)
        whole, ordered = saved.total(), sorted(saved.items(), key=lambda item: (-item[1], item[0]))
        most = max(saved.values(), default=1)
        bars = [
            (name, first[name], size(number), percent(number, whole), _share(number, most))
            for name, number in ordered[:_MOST_GROUPS]
        ]
        if others := ordered[_MOST_GROUPS:]:
            rest = sum(number for _, number in others)
            bars.append((f"{len(others)} more", 0, size(rest), percent(rest, whole), ""))
        return bars

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        room = DIFF_BUDGET
        for entry in self._order:
            self._file.seek(entry.offset)
            cells = json.loads(self._file.readline())
            room -= len(cells["diff"])
            diff = marked(cells["diff"]) if room >= 0 else ()
            image, saved = cells["image"], cells["bytes"]
            left = max(image - saved, 0)
            bars = [_share(number, self._largest) for number in (left, left, saved)] if image else []
            yield escaped({**cells, "diff": diff, "cut": bool(cells["diff"]) and room < 0, "bars": bars})

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _figures(tally: Tally) -> list[tuple[str, str, str]]:
    """Name, value and note of each figure."""
    rows = [
        ("Dockerfiles", f"{tally.files:,}", f"in {counted(len(tally.repositories), 'repository')}"),
        ("To save", f"about {size(tally.saving)}", f"in {counted(tally.rewritten, 'rewritten file')}"),
    ]
    if tally.built:
        rows.append(("Measured", size(tally.measured), f"{counted(tally.built, 'file')} built"))
    if tally.unread.number:
        rows.append(("Failed", f"{tally.unread.number:,}", "see the reasons in the rows"))
    if tally.samples:
        told = f"not counted; about {size(sum(tally.samples))} to save"
        rows.append(("Tests and examples", f"{len(tally.samples):,}", told))
    return rows


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.2f}"


def _cells(row: Row) -> dict[str, Any]:
    saving, original, known = row["saving"] or 0, row["original"] or 0, language(row["language"])
    return {
        "place": place(row),
        "kind": _SAMPLE if is_sample(row) else "programs",
        "outcome": row["outcome"],
        "language": known.title if known is not None else row["unsupported"] or "",
        "rung": row["rung"] if row["outcome"] == "rewritten" else "",
        "bytes": saving,
        "image": original,
        "saving": size(saving) if saving else "",
        "original": size(original) if original else "",
        "measured": row["measured"],
        "verdict": verdict(row),
        "reasons": [masked(reason) for reason in row["reasons"]],
        "diff": row["diff"],
    }
