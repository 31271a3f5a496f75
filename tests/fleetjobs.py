"""Jobs for the pool of `scan` that go wrong, importable in its processes."""

from __future__ import annotations

import os
import time

from slimify.fleet.rows import How, Row, none
from slimify.fleet.sources import Work


def dying(work: Work) -> list[Row]:
    """Ends the process at one piece of work; the others wait until it is under way."""
    if work.repository == "deadly":
        os._exit(9)
    time.sleep(0.05)
    return [none(work, How())]
