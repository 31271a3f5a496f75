"""Failing jobs for the pool of `scan`, importable in its workers."""

from __future__ import annotations

import os
import time
from unittest import mock

from slimify.fleet.rows import Row, RowSettings, estimated_rows, no_dockerfile_row
from slimify.fleet.work_items import WorkItem


def dying(item: WorkItem) -> list[Row]:
    """Ends the process at one work item; the others wait until it is running."""
    if item.repository == "deadly":
        os._exit(9)
    time.sleep(0.05)
    return [no_dockerfile_row(item, RowSettings())]


def hungry(item: WorkItem) -> list[Row]:
    """Asks for more memory than a worker may have, as part of a rewrite."""
    with mock.patch("slimify.pipeline.rewrite", side_effect=lambda *_, **__: bytearray(8 << 30)):
        return estimated_rows(item, RowSettings())
