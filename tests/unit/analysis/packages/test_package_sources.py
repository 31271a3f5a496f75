"""Downloads that an install of the final stage reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import Row, holds

APP = ("FROM node:22", "WORKDIR /app", "COPY . .")
START = 'CMD ["node", "index.js"]'
THERE = ("run", "installed_file")
GET = "RUN curl -fsSLo /opt/a.deb https://example.org/a.deb"

ROWS = (
    Row(
        id="nothing-installs-it",
        file=(*APP, GET, "RUN apt-get update && apt-get install -y curl", START),
        roles={"curl -f": ("build", "download")},
        copied=("/opt/a.deb",),
    ),
    Row(
        id="a-package-file",
        file=(*APP, GET, "RUN apt-get install -y /opt/a.deb && rm /opt/a.deb", START),
        roles={"curl": THERE, "rm": ("run", "files")},
        copied=(),
    ),
    Row(
        id="unpacked-and-moved-before",
        file=(
            *APP,
            "RUN curl -fsSLo /opt/a.tar https://example.org/a.tar && tar xf /opt/a.tar -C /opt/b",
            "RUN mv /opt/b/a.deb /opt/a.deb && apt-get install -y /opt/a.deb",
            START,
        ),
        roles={"curl": THERE, "tar xf": THERE, "mv": THERE},
        copied=(),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_final_stage_downloads(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
