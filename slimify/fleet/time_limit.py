"""A time limit for code that has no way to cancel it."""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimitError(BaseException):
    """The time limit was exceeded. Not an Exception, so that `except Exception` does not catch it."""


@contextmanager
def time_limit(seconds: int, grace: int) -> Iterator[None]:
    """Raises TimeLimitError in the `with` block after `seconds`. If the block (a C library, say) still runs
    `grace` seconds later, the process is terminated. Main thread only."""

    def timeout_error(_number: int, _frame: FrameType | None) -> None:
        raise TimeLimitError

    faulthandler.dump_traceback_later(seconds + grace, exit=True)
    signal.signal(signal.SIGALRM, timeout_error)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
