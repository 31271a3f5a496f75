"""A call in a time limit."""

from __future__ import annotations

import threading

import pytest

from slimify.engine.within import within


def test_result_and_error() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_a_call_that_takes_longer() -> None:
    stop = threading.Event()
    with pytest.raises(TimeoutError, match=r"no complete answer after 0.1 s"):
        within(0.1, stop.wait)
    stop.set()
