"""Work over processes: bounded in number and memory, and no piece stops the others.

A piece whose process dies (out of memory, a crash in a library) is answered by who asked for it. The
processes end when the one that started them does, however it ends, and leave nothing behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import FrameType
from typing import NoReturn, TypeVar

from slimify.fleet.rows import Row

_PIECES_PER_PROCESS = 200  # then a new one takes over, whatever the old one has gathered
_TIDYING = 60  # seconds that a process has to remove what it made, once it is to stop

Piece = TypeVar("Piece")
Job = Callable[[Piece], list[Row]]


def run(pieces: Iterable[Piece], job: Job[Piece], died: Job[Piece], processes: int) -> Iterator[list[Row]]:
    """What `job`, which has to be importable, answers for each piece, in the order in which they are done;
    what `died` says of one that ends its process."""
    todo = iter(pieces)
    while batch := list(islice(todo, _PIECES_PER_PROCESS * processes)):
        suspects: list[Piece] = []
        yield from _side_by_side(batch, job, processes, suspects)
        for piece in suspects:
            yield _by_itself(piece, job, died)


def _side_by_side(
    batch: list[Piece], job: Job[Piece], processes: int, suspects: list[Piece]
) -> Iterator[list[Row]]:
    """`suspects` gets what was under way when a process died: one of them is to blame."""
    waiting = list(reversed(batch))
    while waiting:
        under_way: dict[Future[list[Row]], Piece] = {}
        with _processes(processes) as pool:
            try:
                while waiting or under_way:
                    while waiting and len(under_way) < 2 * processes:
                        future = pool.submit(_done, job, waiting[-1])
                        under_way[future] = waiting.pop()
                    for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                        yield done.result()
                        del under_way[done]
            except BrokenProcessPool:
                suspects += under_way.values()


def _by_itself(piece: Piece, job: Job[Piece], died: Job[Piece]) -> list[Row]:
    with _processes(1) as pool:
        try:
            return pool.submit(_done, job, piece).result()
        except BrokenProcessPool:
            return died(piece)


@contextmanager
def _processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that stop at the end of the `with`, or with this process: nobody else has the other end of
    their pipe. What they make lies in a directory that goes with them."""
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    with (
        theirs,
        ours,
        tempfile.TemporaryDirectory(prefix="slimify-", ignore_cleanup_errors=True) as directory,
    ):
        pool = ProcessPoolExecutor(number, context, initializer=_begin, initargs=(theirs, directory))
        try:
            yield pool
        except BaseException:
            ours.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


# --- in the processes ---------------------------------------------------------------------------


_busy = threading.Event()  # there is something to tidy up


def _begin(pipe: Connection, directory: str) -> None:
    tempfile.tempdir = directory
    # Ctrl-C at the terminal reaches all; who asked decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if _busy.is_set():
        raise SystemExit(128 + number)
    _go()


def _go() -> NoReturn:
    """Ends this process: nobody waits for an answer. A signal may have come while something was removed."""
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    os._exit(1)


def _watch(pipe: Connection) -> None:
    """Waits for the end of who asked, and then ends this process."""
    pipe.poll(None)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_TIDYING)
    _go()


def _done(job: Job[Piece], piece: Piece) -> list[Row]:
    try:
        _busy.set()
        return job(piece)
    except SystemExit:
        _go()
    finally:
        _busy.clear()
