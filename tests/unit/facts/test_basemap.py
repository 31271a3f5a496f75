"""The user's names for base images, in both directions."""

from __future__ import annotations

import pytest

from slimify.facts.basemap import BaseMap

MIRROR = {"docker.io/library/*": "registry.example/hub/*"}
ALL_OF_HUB = {"docker.io/*": "docker.io/mirror/*"}
HARDENED = {"gcr.io/distroless/static-debian12": "corp/static:12", "golang:*": "corp/go:*-fips"}
ONE = {**MIRROR, "python": "corp/python", "python:3.12-slim": "corp/py312:small"}


@pytest.mark.parametrize(
    ("rows", "known", "own"),
    [
        pytest.param(MIRROR, "golang:1.24", "registry.example/hub/golang:1.24", id="a tag is carried over"),
        pytest.param(MIRROR, "alpine", "registry.example/hub/alpine", id="no tag"),
        pytest.param(ALL_OF_HUB, "oven/bun:1", "docker.io/mirror/oven/bun:1", id="a name with a slash"),
        pytest.param(HARDENED, "gcr.io/distroless/static-debian12", "corp/static:12", id="a tag of its own"),
        pytest.param(HARDENED, "golang:1.24-bookworm", "corp/go:1.24-bookworm-fips", id="a suffix"),
        pytest.param(ONE, "python:3.11", "corp/python:3.11", id="the closer name"),
        pytest.param(ONE, "python:3.12-slim", "corp/py312:small", id="the closer tag"),
        pytest.param(ONE, "debian:12", "registry.example/hub/debian:12", id="what no closer row names"),
    ],
)
def test_both_ways(rows: dict[str, str], known: str, own: str) -> None:
    names = BaseMap(rows)
    assert names.own(known) == own
    assert names.known(own) == known
    assert names.own(own) == own


@pytest.mark.parametrize(
    ("rows", "reference"),
    [
        pytest.param({}, "golang:1.24", id="no rows"),
        pytest.param(MIRROR, "scratch", id="scratch"),
        pytest.param(MIRROR, "gcr.io/distroless/static-debian12", id="another registry"),
        pytest.param(MIRROR, "registry.example/hubs/golang:1.24", id="a longer name"),
        pytest.param(MIRROR, "${REGISTRY}/golang:1.24", id="a variable in the name"),
        pytest.param(HARDENED, "gcr.io/distroless/static-debian12:debug", id="a tag that the row leaves out"),
        pytest.param(HARDENED, "corp/go:1.24", id="a tag without the suffix"),
        pytest.param({"debian:12": "corp/os", "ubuntu:24.04": "corp/os"}, "corp/os", id="two meanings"),
    ],
)
def test_left_as_it_is(rows: dict[str, str], reference: str) -> None:
    names = BaseMap(rows)
    assert names.own(reference) == names.known(reference) == reference


@pytest.mark.parametrize("pinned", ["@sha256:" + 64 * "a", ":1.24@sha256:" + 64 * "a"])
def test_a_mirror_has_the_same_digest(pinned: str) -> None:
    assert BaseMap(MIRROR).known(f"registry.example/hub/golang{pinned}") == f"golang{pinned}"
