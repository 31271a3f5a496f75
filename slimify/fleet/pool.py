"""A pool of worker processes with bounded number and memory, in which one item can't stop the others.

If a worker dies (out of memory, a crash in a library), the caller supplies the rows of its item. Workers
terminate when the parent process ends, however it ends, with all that they started, and their temporary files
are removed.
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
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.util import get_temp_dir
from types import FrameType
from typing import NoReturn, TypeVar

from slimify.fleet.rows import Row

SOCKETS = "SLIMIFY_SOCKETS"  # tells the process that makes workers where its socket is
_ITEMS_PER_PROCESS = 200  # then a new process starts, which bounds memory
_MEMORY = 3 << 30  # bytes of one worker; a proof holds two images
_SOCKET_PLACE = 70  # bytes; a socket has 32 more in its name, and may have 107 (unix(7))
CLEANUP_SECONDS = 60  # time for an engine to remove what it made when the worker has to stop
_REPEAT_SECONDS = 5  # then a worker that has not stopped is told again

Item = TypeVar("Item")
Job = Callable[[Item], list[Row]]


def run(items: Iterable[Item], job: Job[Item], died: Job[Item], processes: int) -> Iterator[list[Row]]:
    """Yields the rows that `job` returns for each item, in order of completion. If an item kills its worker
    twice, the rows are those of `died`. `job` must be importable."""
    todo = iter(items)
    while batch := list(islice(todo, _ITEMS_PER_PROCESS * processes)):
        suspects: list[Item] = []
        yield from _run_parallel(batch, job, processes, suspects)
        for item in suspects:
            yield _run_alone(item, job, died)


def _run_parallel(
    batch: list[Item], job: Job[Item], processes: int, suspects: list[Item]
) -> Iterator[list[Row]]:
    """Adds to `suspects` the items that were running when a worker died: one of them caused it."""
    waiting = list(reversed(batch))
    while waiting:
        running: dict[Future[list[Row]], Item] = {}
        with _processes(processes) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < 2 * processes:
                        future = pool.submit(_run_job, job, waiting[-1])
                        running[future] = waiting.pop()
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        yield done.result()
                        del running[done]
            except BrokenProcessPool:
                suspects += running.values()


def _run_alone(item: Item, job: Job[Item], died: Job[Item]) -> list[Row]:
    with _processes(1) as pool:
        try:
            return pool.submit(_run_job, job, item).result()
        except BrokenProcessPool:
            return died(item)


def _context() -> BaseContext:
    """Workers are forks of a process that has loaded what each of them needs, where there is such a thing."""
    if "forkserver" not in get_all_start_methods() or len(os.fsencode(tempfile.gettempdir())) > _SOCKET_PLACE:
        return get_context("spawn")
    os.environ[SOCKETS] = get_temp_dir()
    try:
        forkserver.set_forkserver_preload(["slimify.fleet.warm"])
        forkserver.ensure_running()
    finally:
        del os.environ[SOCKETS]
    return get_context("forkserver")


@contextmanager
def _processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Workers that stop at the end of the `with` block or with this process, which holds the only other end
    of their pipe. Their temporary directory is removed."""
    context = _context()
    worker_end, parent_end = context.Pipe(duplex=False)
    with worker_end, parent_end, _directory(context) as directory:
        pool = ProcessPoolExecutor(
            number, context, initializer=_initialize_worker, initargs=(worker_end, directory)
        )
        try:
            yield pool
        except BaseException:
            parent_end.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _directory(context: BaseContext) -> Iterator[str]:
    """A temporary directory. It is inside the one that the process that makes workers removes at its end."""
    above = get_temp_dir() if context.get_start_method() == "forkserver" else None
    directory = tempfile.mkdtemp(prefix="slimify-", dir=above)
    try:
        yield directory
    finally:
        remove(directory)


def remove(directory: str) -> None:
    """Removes a directory. Processes that were killed may still finish what they had asked of the system."""
    for _ in range(50):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.lexists(directory):
            break
        time.sleep(0.1)


# --- in the workers -----------------------------------------------------------------------------


_stopping = threading.Event()


def _initialize_worker(pipe: Connection, directory: str) -> None:
    tempfile.tempdir = directory
    _limit_memory()
    with suppress(AttributeError, OSError):  # not on every platform
        os.setsid()  # what is started can be ended as a whole, and asks nothing on the terminal
    # Ctrl-C in the terminal is for the parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _on_sigterm)
    threading.Thread(target=_watch_parent, args=(pipe,), daemon=True).start()


def _limit_memory() -> None:
    """Makes an allocation beyond the limit fail. What is only reserved does not count, as engines need."""
    with suppress(ImportError, OSError, ValueError):  # not on every platform
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    """While an engine has something to remove, its own handler is in force."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _terminate()


def _terminate() -> NoReturn:
    """Ends this process and all that it started: nobody waits for a result."""
    leads = hasattr(os, "getpgrp") and os.getpgrp() == os.getpid()
    if leads:
        os.killpg(0, signal.SIGTERM)
    remove(tempfile.gettempdir())
    if leads:
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _watch_parent(pipe: Connection) -> None:
    """Terminates this process when the parent ends."""
    pipe.poll(None)
    _stopping.set()
    for _ in range(CLEANUP_SECONDS // _REPEAT_SECONDS):  # the first one may come just before a system call
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_REPEAT_SECONDS)
    _terminate()


def _run_job(job: Job[Item], item: Item) -> list[Row]:
    try:
        return job(item)
    finally:
        if _stopping.is_set():
            _terminate()
