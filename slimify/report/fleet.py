"""Rows of many repositories → text, or one HTML page that needs nothing but itself."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slimify.report.ansi import Paint
from slimify.report.markup import escaped, policy
from slimify.report.text import PLAIN, size

Row = Mapping[str, Any]
_LARGEST = 20


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Most to gain first; then by name."""
    return sorted(rows, key=lambda row: (-(row["saving"] or 0), row["repository"], row["file"]))


def place(row: Row) -> str:
    """The Dockerfile as a person would point at it."""
    file = str(row["file"])
    return file if file.startswith(str(row["repository"])) else f"{row['repository']}  {file}".rstrip()


def totals(rows: Sequence[Row]) -> list[tuple[str, int, int]]:
    """Outcome (with its rung, where it was rewritten), how many, bytes to be saved; most frequent first."""
    count: collections.Counter[str] = collections.Counter()
    saved: collections.Counter[str] = collections.Counter()
    for row in rows:
        name = f"{row['outcome']}, {row['rung']}" if row["outcome"] == "rewritten" else row["outcome"]
        count[name] += 1
        saved[name] += row["saving"] or 0
    return [(name, number, saved[name]) for name, number in count.most_common()]


def text(rows: Iterable[Row], *, paint: Paint = PLAIN) -> str:
    """Totals, and where to start."""
    everything = ordered(rows)
    repositories = len({row["repository"] for row in everything})
    whole = sum(row["saving"] or 0 for row in everything)
    lines = [
        f"{_count(len(everything), 'Dockerfile')} in {_count(repositories, 'repository')}, "
        f"about {size(whole)} to save",
        *(f"  {number:5}  {name}{_about(saved)}" for name, number, saved in totals(everything)),
    ]
    best = [row for row in everything if row["outcome"] == "rewritten"]
    if best:
        lines += ["", paint("Where to start:", "bold")]
        lines += [_saving(row) for row in best[:_LARGEST]]
    if len(best) > _LARGEST:
        lines.append(f"  and {len(best) - _LARGEST} more")
    failed = [row for row in everything if row["outcome"] == "failed"]
    if failed:
        lines += ["", paint("Could not be read:", "bold")]
        lines += [f"  {place(row)}: {' '.join(row['reasons'])}" for row in failed]
    return "\n".join(lines) + "\n"


def _count(number: int, name: str) -> str:
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return f"{number} {name if number == 1 else plural}"


def _saving(row: Row) -> str:
    return f"  {size(row['saving']):>8} of {size(row['original']):>8}  {place(row)}"


def _about(saved: int) -> str:
    return f" (about {size(saved)})" if saved else ""


def html(rows: Iterable[Row]) -> str:
    """The page: totals, and a table of all rows, sortable and with a filter where scripts may run."""
    from slimify.render import page

    everything = ordered(rows)
    style, script = page("report/fleet/page.css"), page("report/fleet/page.js")
    values = {
        "rows": [_cells(row) for row in everything],
        "totals": [(name, count, size(saved) if saved else "") for name, count, saved in totals(everything)],
        "files": _count(len(everything), "Dockerfile"),
        "repositories": _count(len({row["repository"] for row in everything}), "repository"),
        "whole": size(sum(row["saving"] or 0 for row in everything)),
    }
    return page(
        "report/fleet.html.j2", policy=policy(style, script), style=style, script=script, **escaped(values)
    )


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
        "reasons": row["reasons"],
    }
