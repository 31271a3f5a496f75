"""Development dependencies that are dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

LAST = (("RUN npm run build", "RUN npm run build && npm prune --omit=dev"),)
EARLY = (("install\n", "install && npm prune --omit=dev\n"),)
OLD = """FROM node:20
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
"""
PACKAGE = """{"scripts": {"build": "tsc -p .", "start": "%s"}, "dependencies": {"polka": "0.5.2"},
 "devDependencies": {"typescript": "5.4.5", "ts-node": "10.9.2"}}"""


@pytest.mark.parametrize(
    ("start", "pairs", "gone"),
    [
        pytest.param("node server.js", LAST, "", id="nothing that is needed"),
        pytest.param("ts-node server.ts", LAST, "ts-node", id="the start needs one"),
        pytest.param("node server.js", EARLY, "typescript", id="the build needs one"),
        pytest.param("node server.js", (("install", "install --omit=dev"),), "typescript", id="left out"),
    ],
)
def test_what_is_needed(start: str, pairs: tuple[tuple[str, str], ...], gone: str, tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % start, "server.ts": "", "tsconfig.json": "{}"}
    found = differences(OLD, changed(OLD, *pairs), files, tmp_path)
    assert f"the development dependency {gone}" in found if gone else "development" not in found
