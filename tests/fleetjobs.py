"""Failing jobs for the pool of `scan`, importable in its workers."""

from __future__ import annotations

import os
import time

from slimify.fleet.rows import Row, RowSettings, no_dockerfile_row
from slimify.fleet.work_items import WorkItem


def dying(item: WorkItem) -> list[Row]:
    """Ends the process at one work item; the others wait until it is running."""
    if item.repository == "deadly":
        os._exit(9)
    time.sleep(0.05)
    return [no_dockerfile_row(item, RowSettings())]
