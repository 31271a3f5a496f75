"""Directories that base images have."""

from __future__ import annotations

import pytest

from slimify.facts.base_directories import base_directories
from slimify.facts.images import image


@pytest.mark.parametrize(
    ("reference", "lacks", "has"),
    [
        ("debian:trixie-slim", "/var/www /app /go /go/src", "/srv /opt /usr/local/bin /tmp"),
        ("golang:1.24", "/app /go/pkg", "/go /go/src /go/bin /srv"),
        (
            "gcr.io/distroless/static-debian12",
            "/srv /opt /mnt /media /usr/local /go",
            "/ /tmp /home /var/lib",
        ),
        ("example.com/private", "/app", "/srv /go/src"),
    ],
)
def test_base_directories(reference: str, lacks: str, has: str) -> None:
    found = base_directories(image(reference))
    assert not found & {*lacks.split()}
    assert found >= {*has.split()}
