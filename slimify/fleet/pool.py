"""Work over processes: bounded in number and memory, and no piece stops the others.

A piece that takes too long, or whose process dies (out of memory, a crash in a library), is a row
that says so.
"""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from types import FrameType

from slimify.fleet.rows import DIED, TOO_LONG, Row, failure, rows
from slimify.fleet.sources import Work

_PIECES_PER_PROCESS = 200  # then a new one takes over, whatever the old one has gathered
_GRACE = 20  # seconds for what ignores the alarm; then the process is ended

Job = Callable[[Work], list[Row]]


def run(works: Iterable[Work], job: Job, jobs: int) -> Iterator[list[Row]]:
    """What `job`, which has to be importable, answers for each piece, in the order in which they are done."""
    todo = iter(works)
    while batch := list(islice(todo, _PIECES_PER_PROCESS * jobs)):
        suspects: list[Work] = []
        yield from _side_by_side(batch, job, jobs, suspects)
        for work in suspects:
            yield _by_itself(work, job)


def _side_by_side(batch: list[Work], job: Job, jobs: int, suspects: list[Work]) -> Iterator[list[Row]]:
    """`suspects` gets what was under way when a process died: one of them is to blame."""
    waiting = list(reversed(batch))
    while waiting:
        under_way: dict[Future[list[Row]], Work] = {}
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            try:
                while waiting or under_way:
                    while waiting and len(under_way) < 2 * jobs:
                        future = pool.submit(job, waiting[-1])
                        under_way[future] = waiting.pop()
                    for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                        yield done.result()
                        del under_way[done]
            except BrokenProcessPool:
                suspects += under_way.values()


def _by_itself(work: Work, job: Job) -> list[Row]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(job, work).result()
        except BrokenProcessPool:
            return [failure(work, DIED, "the process died: out of memory, of time, or by a crash")]


def timed(work: Work, *, overrides: dict[str, object], seconds: int) -> list[Row]:
    """The rows of one piece, or that they took too long. For the main thread of a process of its own."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise _TooLongError

    # a library that does not come back is ended from beside it
    faulthandler.dump_traceback_later(seconds + _GRACE, exit=True)
    signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return rows(work, overrides)
    except _TooLongError:
        return [failure(work, TOO_LONG, f"not done after {seconds} s")]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()


class _TooLongError(BaseException):
    """No Exception, so that nothing on the way takes it for a failure of its own."""
