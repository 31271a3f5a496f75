"""Directories, addresses and lists → the rows of all their Dockerfiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from msgspec import Struct, field

from slimify.fleet import pool, record
from slimify.fleet.rows import Row
from slimify.fleet.sources import Work, share, works


def _processors() -> int:
    """Those that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Asked(Struct, frozen=True, kw_only=True):
    """How to scan. `results`: the file that gets the rows, and from which an interrupted run goes on;
    `part` and `parts`: the share of the repositories to do; `jobs`: processes; `seconds`: for one
    Dockerfile, at most; `began` is told how many pieces of work there are."""

    results: Path | None = None
    part: int = 1
    parts: int = 1
    jobs: int = field(default_factory=_processors)
    seconds: int = 300
    overrides: dict[str, object] = field(default_factory=dict)
    began: Callable[[int], None] = lambda _count: None


def scan(paths: Iterable[str], asked: Asked) -> Iterator[list[Row]]:
    """The rows of each piece of work, first those that the file of results has already.

    Raises SlimifyError for a path that is not there, and for a file of results that is none.
    """
    todo = [work for work in works(paths) if share(work, asked.part, asked.parts)]
    wanted = {work.key for work in todo}
    before = record.read(asked.results) if asked.results is not None else []
    before = [row for row in before if row["key"] in wanted]
    done = {row["key"] for row in before}
    left: list[Work] = [work for work in todo if work.key not in done]
    asked.began(len(todo))
    for _, known in groupby(sorted(before, key=itemgetter("key")), key=itemgetter("key")):
        yield list(known)
    with nullcontext() if asked.results is None else record.Record(asked.results, before) as file:
        job = partial(pool.timed, overrides=asked.overrides, seconds=asked.seconds)
        for rows in pool.run(left, job, asked.jobs):
            if file is not None:
                file.add(rows)
            yield rows
