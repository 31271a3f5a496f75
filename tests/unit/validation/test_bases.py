"""The base images of the new file."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

STAGES = """FROM node:20 AS pages
WORKDIR /web
COPY build.js ./
RUN node build.js

FROM python:3.12
COPY --from=pages /web/dist /srv
CMD ["python", "/srv/app.py"]
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("FROM node", "FROM node", False),
        ("FROM --platform=$BUILDPLATFORM node", "FROM --platform=$BUILDPLATFORM node", False),
        ("FROM node", "FROM --platform=linux/arm64 node", True),
    ],
)
def test_platforms(old: str, new: str, wrong: bool, tmp_path: Path) -> None:
    before, after = (changed(STAGES, ("FROM node", text)) for text in (old, new))
    assert ("platform" in differences(before, after, {"build.js": ""}, tmp_path)) == wrong
