"""Rows of many repositories → one HTML page that needs nothing but itself."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.report.fleet.text import Row, Tally, place, verdict
from slimify.report.markup import escaped, policy
from slimify.report.text import size


class Page:
    """Takes rows as they come; what is shown of them waits in a file for its place on the page."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the page
        self._order: list[tuple[int, str, str, int]] = []

    def add(self, row: Row) -> None:
        self._order.append((-(row["saving"] or 0), row["repository"], row["file"], self._file.seek(0, 2)))
        self._file.write(json.dumps(_cells(row)).encode("ascii") + b"\n")

    def parts(self, tally: Tally) -> Iterator[bytes]:
        """The page: totals, and a table of all rows, most to gain first, then by name; sortable and with a
        filter where scripts may run."""
        from slimify.render import page, parts

        style, script = page("report/fleet/page.css"), page("report/fleet/page.js")
        values = {
            "title": tally.title,
            "totals": [(name, count, size(saved) if saved else "") for name, count, saved in tally.totals()],
            "built": bool(tally.built),
        }
        found = parts(
            "report/fleet.html.j2",
            rows=self._rows(),
            policy=policy(style, script),
            style=style,
            script=script,
            **escaped(values),
        )
        for part in found:
            yield part.encode("utf-8", "backslashreplace")

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        for *_, offset in sorted(self._order):
            self._file.seek(offset)
            yield escaped(json.loads(self._file.readline()))

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _cells(row: Row) -> Mapping[str, Any]:
    saving, original = row["saving"] or 0, row["original"]
    return {
        "place": place(row),
        "outcome": row["outcome"],
        "language": row["language"] or "",
        "rung": row["rung"] if row["outcome"] == "rewritten" else "",
        "bytes": saving,
        "saving": size(saving) if saving else "",
        "original": size(original) if original else "",
        "measured": row["measured"],
        "verdict": verdict(row),
        "reasons": row["reasons"],
    }
