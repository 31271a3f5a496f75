"""Scans directories, repositories and lists of them, and yields the rows of all Dockerfiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from slimify.engine.process import cleanup_on_signals
from slimify.fleet import pool, rows
from slimify.fleet.results_file import ResultsFile
from slimify.fleet.rows import Row, RowSettings
from slimify.fleet.work_items import WorkItem, is_in_part, work_items

if TYPE_CHECKING:
    from slimify.fleet.builds import BuildItem, ScanBuilds


def _processors() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ScanOptions(Struct, frozen=True, kw_only=True):
    """How to scan. `settings` overrides fields of Options from settings files; `exclude`: files and
    directories that a search skips, see `find`; `timeout`: seconds per
    Dockerfile; `results`: the file for the rows, from which an interrupted scan resumes; `part` and `parts`:
    the share of the repositories to scan; `jobs`: number of processes (default: one per processor);
    `again`: retry failures; `builds`: also build the images; `merge`: nothing is scanned, the paths are
    results of other scans, of which later ones count; `began` is called at the start of a phase with
    its name, the number of work items, and how many of them are already done."""

    settings: dict[str, object] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    timeout: int = 300
    results: Path | None = None
    part: int = 1
    parts: int = 1
    jobs: int | None = None
    again: bool = False
    builds: ScanBuilds | None = None
    merge: bool = False
    began: Callable[[str, int, int], None] = lambda _what, _count, _done: None

    @property
    def row_settings(self) -> RowSettings:
        return RowSettings(overrides=self.settings, seconds=self.timeout, exclude=self.exclude)


def scan_all(paths: Iterable[str], options: ScanOptions) -> Iterator[list[Row]]:
    """Yields the final rows of each work item: first those in the results file, then new ones, and last those
    to build, the largest saving first.

    Raises SlimifyError for a missing path, an invalid results file, or a missing container engine.
    """
    if options.merge:
        with ResultsFile(options.results) as results:
            for path in paths:
                results.merge(Path(path))
            yield from ([row] for row in results.current())
        return
    items = [
        item for item in work_items(paths, options.exclude) if is_in_part(item, options.part, options.parts)
    ]
    if options.builds is not None:
        _require_engine(options.builds)
    with cleanup_on_signals(), ResultsFile(options.results) as results:
        yield from _estimate_rows(items, options, results)
        if options.builds is not None:
            yield from _build_rows(items, options.builds, options, results)


def _estimate_rows(items: list[WorkItem], options: ScanOptions, results: ResultsFile) -> Iterator[list[Row]]:
    remaining = [item for item in items if not _is_done(item, options, results)]
    options.began("Scanning", len(items), len(items) - len(remaining))
    remaining_keys = {item.key for item in remaining}
    for item in items:
        if item.key not in remaining_keys:
            yield _final_rows(results.rows(item.key), options)
    job, died = (
        partial(rows.estimated_rows, row_settings=options.row_settings),
        partial(rows.process_died_rows, row_settings=options.row_settings),
    )
    for found in pool.run(remaining, job, died, options.jobs or _processors()):
        results.add(found)
        yield _final_rows(found, options)


def _is_done(item: WorkItem, options: ScanOptions, results: ResultsFile) -> bool:
    """Whether the results file has rows of the item with the current settings."""
    found = results.rows(item.key)
    failed = options.again and any(row["outcome"] == "failed" for row in found)
    if failed or any(row.get("by") != options.row_settings.by for row in found):
        results.discard(item.key)
        return False
    return bool(found)


def _final_rows(found: list[Row], options: ScanOptions) -> list[Row]:
    """The rows that no pending build will change."""
    if options.builds is None:
        return found
    from slimify.fleet.builds import is_due

    return [row for row in found if not is_due(row, options.builds)]


# --- builds -------------------------------------------------------------------------------------


def _build_rows(
    items: list[WorkItem], builds: ScanBuilds, options: ScanOptions, results: ResultsFile
) -> Iterator[list[Row]]:
    from slimify.fleet import builds as proving

    def due(item: WorkItem) -> BuildItem:
        rows = (row for row in results.rows(item.key) if proving.is_due(row, builds))
        return proving.BuildItem(item, tuple(rows))

    savings = {item: max((row["saving"] or 0 for row in due(item).rows), default=None) for item in items}
    remaining = [item for item in items if savings[item] is not None]
    remaining.sort(key=lambda item: -(savings[item] or 0))
    options.began("Building", len(remaining), 0)
    job, died = (
        partial(proving.built_rows, row_settings=options.row_settings, builds=builds),
        partial(proving.process_died_rows, builds=builds),
    )
    for found in pool.run(map(due, remaining), job, died, builds.number):
        results.add(found)
        yield found


def _require_engine(builds: ScanBuilds) -> None:
    """Raises SlimifyError if no container engine responds, instead of repeating that in every row."""
    from slimify.app.failures import engine_error
    from slimify.engine.detect import detect
    from slimify.engine.model import EngineProblem

    try:
        with detect(builds.proving.engine):
            pass
    except EngineProblem as problem:
        raise engine_error(problem) from problem
