"""What is decided after the rules: steps beside installs, directories, and the order of artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import Row, holds

APP = ("FROM node:22", "WORKDIR /app", "COPY . .")
START = 'CMD ["node", "index.js"]'
BESIDE = "beside"

ROWS = (
    Row(
        id="beside-packages-of-both-stages",
        file=(
            *APP,
            "RUN apt-get update && apt-get install -y curl make && rm -rf /var/lib/apt/lists/*",
            START,
        ),
        roles={"update": ("both", BESIDE), "rm": ("both", BESIDE)},
        copied=(),
    ),
    Row(
        id="beside-an-install-of-the-builder",
        file=(*APP, "RUN npm ci && npm cache clean --force", START),
        roles={"clean": ("build", BESIDE)},
        copied=("/app/node_modules",),
    ),
    Row(
        id="beside-a-step-of-the-final-stage",
        file=(*APP, "RUN echo a > /etc/a && rm -rf /tmp/*", START),
        roles={"rm": ("run", BESIDE)},
    ),
    Row(
        id="artifacts-in-the-order-in-which-they-are-made",
        file=(
            *APP,
            "RUN curl -fsSLo /srv/z https://example.org/z",
            "RUN npm ci",
            "RUN curl -fsSLo /opt/a https://example.org/a && mkdir /opt/geo",
            START,
        ),
        roles={"mkdir": ("run", "files")},
        copied=("/srv/z", "/app/node_modules", "/opt/a"),
    ),
    Row(
        id="only-outermost-artifacts",
        file=(*APP, "RUN npm ci && curl -fsSLo node_modules/a/b https://example.org/b", START),
        roles={"curl": ("build", "download")},
        copied=("/app/node_modules",),
    ),
    Row(
        id="artifacts-that-are-deleted-again",
        file=(*APP, "RUN npm ci && npm run build && rm -rf node_modules", "RUN npm ci --omit=dev", START),
        roles={"rm": ("build", "reworks")},
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_assign(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
