"""A limit of time for what can't be asked to stop."""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLongError(BaseException):
    """No Exception, so that nothing on the way takes it for a failure of its own."""


@contextmanager
def limit(seconds: int, grace: int) -> Iterator[None]:
    """Raises TooLongError inside the `with` after `seconds`; ends the process where that has not helped after
    `grace` more: a library that does not come back can be ended from beside it only. For the main thread."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    faulthandler.dump_traceback_later(seconds + grace, exit=True)
    signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
