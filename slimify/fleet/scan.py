"""Directories, addresses and lists → the rows of all their Dockerfiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from slimify.engine.process import terminable
from slimify.fleet import pool, rows
from slimify.fleet.record import Record
from slimify.fleet.rows import How, Row
from slimify.fleet.sources import Work, share, works

if TYPE_CHECKING:
    from slimify.fleet.proving import Due, ScanBuilds


def _processors() -> int:
    """Those that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ScanOptions(Struct, frozen=True, kw_only=True):
    """How to scan. `settings`: fields of Options that override those of settings files; `timeout`: seconds
    for one Dockerfile; `results`: the file that gets the rows, and from which an interrupted run goes on;
    `part` and `parts`: the share of the repositories to do; `jobs`: processes, None: as many as processors;
    `again`: what failed is tried again; `builds`: what can be rewritten is built; `began` is told what
    begins, of how many pieces of work, and how many of them are done already."""

    settings: dict[str, object] = field(default_factory=dict)
    timeout: int = 300
    results: Path | None = None
    part: int = 1
    parts: int = 1
    jobs: int | None = None
    again: bool = False
    builds: ScanBuilds | None = None
    began: Callable[[str, int, int], None] = lambda _what, _count, _done: None

    @property
    def how(self) -> How:
        return How(overrides=self.settings, seconds=self.timeout)


def scan_all(paths: Iterable[str], asked: ScanOptions) -> Iterator[list[Row]]:
    """The rows of each piece of work, once there is no more to learn about them: first those that the file of
    results has already, those that are built last, most to save first.

    Raises SlimifyError for a path that is not there, for a file of results that is none, and where there is
    nothing to build with.
    """
    todo = [work for work in works(paths) if share(work, asked.part, asked.parts)]
    if asked.builds is not None:
        _engine(asked.builds)
    with terminable(), Record(asked.results) as record:
        yield from _estimated(todo, asked, record)
        if asked.builds is not None:
            yield from _built(todo, asked.builds, asked, record)


def _estimated(todo: list[Work], asked: ScanOptions, record: Record) -> Iterator[list[Row]]:
    left = [work for work in todo if not _known(work, asked, record)]
    asked.began("Scanning", len(todo), len(todo) - len(left))
    missing = {work.key for work in left}
    for work in todo:
        if work.key not in missing:
            yield _settled(record.rows(work.key), asked)
    job, died = partial(rows.estimated, how=asked.how), partial(rows.died, how=asked.how)
    for found in pool.run(left, job, died, asked.jobs or _processors()):
        record.add(found)
        yield _settled(found, asked)


def _known(work: Work, asked: ScanOptions, record: Record) -> bool:
    """Whether it was done, and what was asked for then is what is asked for now."""
    found = record.rows(work.key)
    failed = asked.again and any(row["outcome"] == "failed" for row in found)
    if failed or any(row.get("by") != asked.how.by for row in found):
        record.forget(work.key)
        return False
    return bool(found)


def _settled(found: list[Row], asked: ScanOptions) -> list[Row]:
    """Those rows that no build can change any more."""
    if asked.builds is None:
        return found
    from slimify.fleet.proving import is_due

    return [row for row in found if not is_due(row, asked.builds)]


# --- builds -------------------------------------------------------------------------------------


def _built(todo: list[Work], builds: ScanBuilds, asked: ScanOptions, record: Record) -> Iterator[list[Row]]:
    from slimify.fleet import proving

    def due(work: Work) -> Due:
        rows = (row for row in record.rows(work.key) if proving.is_due(row, builds))
        return proving.Due(work, tuple(rows))

    savings = {work: max((row["saving"] or 0 for row in due(work).rows), default=None) for work in todo}
    left = [work for work in todo if savings[work] is not None]
    left.sort(key=lambda work: -(savings[work] or 0))
    asked.began("Building", len(left), 0)
    job, died = partial(proving.proven, how=asked.how, builds=builds), partial(proving.died, builds=builds)
    for found in pool.run(map(due, left), job, died, builds.number):
        record.add(found)
        yield found


def _engine(builds: ScanBuilds) -> None:
    """Raises SlimifyError where no engine answers: every row would say so."""
    from slimify.app.failures import engine_error
    from slimify.engine.detect import detect
    from slimify.engine.model import EngineProblem

    try:
        with detect(builds.proving.engine):
            pass
    except EngineProblem as problem:
        raise engine_error(problem) from problem
