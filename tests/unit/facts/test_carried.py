from __future__ import annotations

import pytest

from slimify.facts.carried import SlimLosses, carried, installed
from slimify.facts.images import image


def lost(reference: str) -> SlimLosses:
    facts = image(reference)
    assert facts is not None
    return carried(facts)


@pytest.mark.parametrize(
    "reference", ["python:3.12-slim", "node:20-alpine", "ubuntu:22.04", "oven/bun:1", "python:3.99"]
)
def test_nothing_is_claimed(reference: str) -> None:
    assert lost(reference) == SlimLosses(known=False)


def test_debian_slim_lacks_only_documents() -> None:
    found = lost("debian:12")
    assert (found.known, found.packages, found.commands) == (True, frozenset(), {})


@pytest.mark.parametrize(
    "reference", ["python:3.12", "python:3.12-bookworm", "node:20", "node:16-bullseye", "python:3.6"]
)
def test_what_every_full_image_carries(reference: str) -> None:
    found = lost(reference)
    assert found.known
    for command, package in {
        "git": "git",
        "curl": "curl",
        "wget": "wget",
        "ps": "procps",
        "gcc": "gcc",
        "convert": "imagemagick",
        "ssh": "openssh-client",
        "unzip": "unzip",
        "file": "file",
    }.items():
        assert found.commands[command] == package
    assert found.libraries["libpq.so.5"] == "libpq5"
    assert found.libraries["libmariadb.so.3"] == "libmariadb3"
    assert not {"perl", "tar", "ls", "bash", "find"} & found.commands.keys()


def test_certificates() -> None:
    """Node's slim image has none, so what is put back for https needs them; Python's has."""
    assert lost("node:20").companions["git"] == ("ca-certificates",)
    assert lost("node:20").commands["openssl"] == "openssl"
    assert "git" not in lost("python:3.12").companions
    assert "openssl" not in lost("python:3.12").commands


def test_golang_loses_its_compiler() -> None:
    found = lost("golang:1.22")
    assert {"git", "gcc", "make", "curl"} <= found.commands.keys()
    assert "convert" not in found.commands


def test_older_releases_are_like_the_nearest_one() -> None:
    found = lost("node:14")
    assert found.known
    assert found.commands["git"] == "git"
    assert found.libraries["libpq.so.5"] == "libpq5"


@pytest.mark.parametrize(
    ("reference", "has", "lacks"),
    [
        ("debian:12-slim", {"apt", "libc6", "zlib1g"}, {"ca-certificates", "libssl3"}),
        ("python:3.12-slim-bookworm", {"ca-certificates", "libssl3", "libffi8"}, {"git", "libpq5"}),
        ("node:20-slim", {"libstdc++6"}, {"ca-certificates", "openssl", "python3"}),
        ("node:20", {"libpq5", "git", "python3"}, {"ffmpeg"}),
    ],
)
def test_installed(reference: str, has: set[str], lacks: set[str]) -> None:
    facts = image(reference)
    assert facts is not None
    found = installed(facts)
    assert has <= found
    assert not lacks & found


@pytest.mark.parametrize("reference", ["node:14", "alpine:3.20", "ubuntu:22.04"])
def test_nothing_is_known_to_be_installed(reference: str) -> None:
    facts = image(reference)
    assert facts is not None
    assert installed(facts) == frozenset()


@pytest.mark.parametrize(("suite", "packages"), [("bookworm", 88), ("trixie", 78)])
def test_as_many_packages_as_the_real_image(suite: str, packages: int) -> None:
    """`dpkg-query -l` in the published debian:SUITE-slim."""
    facts = image(f"debian:{suite}-slim")
    assert facts is not None
    assert len(installed(facts)) == packages


@pytest.mark.parametrize(
    ("reference", "package", "companions"),
    [
        ("python:3.12", "python3", ()),
        ("node:20-bookworm", "procps", ()),
        ("node:20-bookworm", "python3", ("ca-certificates",)),
        ("node:20-bookworm", "imagemagick", ("libmagickcore-6.q16-6-extra",)),
        ("python:3.13-trixie", "imagemagick", ("libmagickcore-7.q16-10-extra",)),
    ],
)
def test_what_comes_with_a_package_in_the_full_image(
    reference: str, package: str, companions: tuple[str, ...]
) -> None:
    assert lost(reference).companions.get(package, ()) == companions
