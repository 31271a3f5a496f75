"""The rows of `scan` as a self-contained HTML page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.report.fleet.text import Row, Tally, is_sample, place, verdict
from slimify.report.markup import escaped, policy
from slimify.report.text import size


class Page:
    """Collects rows in a temporary file until the page is written, to save memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the page
        self._order: list[tuple[bool, int, str, str, int]] = []

    def add(self, row: Row) -> None:
        at = self._file.seek(0, 2)
        self._order.append((is_sample(row), -(row["saving"] or 0), row["repository"], row["file"], at))
        self._file.write(json.dumps(_cells(row)).encode("ascii") + b"\n")

    def parts(self, tally: Tally) -> Iterator[bytes]:
        """The page in parts: totals and a table of all rows, the largest saving first, then by name;
        tests and examples come last. With JavaScript the table can be sorted and filtered."""
        from slimify.render import render_page, stream_page

        style, script = render_page("report/fleet/page.css"), render_page("report/fleet/page.js")
        values = {
            "title": tally.title,
            "totals": [(name, count, size(saved) if saved else "") for name, count, saved in tally.totals()],
            "built": bool(tally.built),
        }
        found = stream_page(
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
