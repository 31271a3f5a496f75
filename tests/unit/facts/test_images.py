from __future__ import annotations

import pytest

from slimify.facts.image_tables import tags
from slimify.facts.images import ImageFacts, image
from slimify.facts.references import parse_reference

DIGEST = "sha256:" + "a" * 64


def known(reference: str) -> ImageFacts:
    facts = image(reference)
    assert facts is not None
    return facts


@pytest.mark.parametrize(
    "reference",
    [
        "scratch",
        "${BASE}",
        "",
        "my.registry:5000/library/golang:1.22",
        "somebody/app",
        "NODE",
        "a b",
        "golang:",
    ],
)
def test_unknown_is_none(reference: str) -> None:
    assert image(reference) is None


@pytest.mark.parametrize(
    ("reference", "prefix", "name", "tag", "official"),
    [
        pytest.param("golang", "", "golang", "", True, id="bare"),
        pytest.param("library/golang:1", "library/", "golang", "1", True, id="library"),
        pytest.param("docker.io/golang:1", "docker.io/", "golang", "1", True, id="hub"),
        pytest.param("docker.io/library/node", "docker.io/library/", "node", "", True, id="hub-library"),
        pytest.param("docker.io/oven/bun:1", "docker.io/", "oven/bun", "1", False, id="hub-namespace"),
        pytest.param("arm64v8/node:20", "arm64v8/", "node", "20", True, id="architecture"),
        pytest.param(
            "public.ecr.aws/docker/library/python:3",
            "public.ecr.aws/docker/library/",
            "python",
            "3",
            True,
            id="ecr",
        ),
        pytest.param("localhost:5000/node:20", "", "localhost:5000/node", "20", False, id="port-is-no-tag"),
        pytest.param(f"node:20@{DIGEST}", "", "node", "20", True, id="digest"),
    ],
)
def test_reference_parts(reference: str, prefix: str, name: str, tag: str, official: bool) -> None:
    parts = parse_reference(reference)
    assert parts is not None
    assert (parts.prefix, parts.name, parts.tag, parts.official) == (prefix, name, tag, official)


# suites as published; the last column says whether the tag settles it
SUITES = """
golang:1.24             debian trixie    sure
golang:1.22             debian bookworm  sure
golang:1.9.2            debian stretch   sure
golang:1.22-alpine      alpine 3.21      sure
golang:alpine3.19       alpine 3.19      sure
node:20                 debian bookworm  sure
node:14                 debian buster    sure
node:14-stretch         debian stretch   sure
node:4.4                debian jessie    sure
python:3.8              debian bookworm  sure
python:3.6              debian bullseye  sure
python:2.7              debian buster    sure
python:3.5.1            debian jessie    sure
python:3-buster         debian buster    sure
debian:12               debian bookworm  sure
debian                  debian trixie    unsure
ubuntu:22.04            ubuntu jammy     sure
alpine:3.19.1           alpine 3.19      sure
alpine                  alpine 3.24      unsure
gcr.io/distroless/static-debian12:nonroot debian bookworm sure
ghcr.io/astral-sh/uv:python3.12-bookworm-slim debian bookworm sure
"""


@pytest.mark.parametrize("row", [row.split() for row in SUITES.split("\n") if row], ids=lambda row: row[0])
def test_suite(row: list[str]) -> None:
    facts = known(row[0])
    assert [facts.distro, facts.suite, "sure" if facts.suite_sure else "unsure"] == row[1:]


@pytest.mark.parametrize(
    ("reference", "partner"),
    [
        ("python:3.12-slim", None),
        ("python:3.12-alpine", None),
        ("node:20-alpine", None),
        ("node:0.10-onbuild", None),
        ("ubuntu:22.04", None),
        ("golang:1.22", None),
        (f"python@{DIGEST}", None),
        ("python:3.12-mine", None),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.7", None),
        ("tiangolo/meinheld-gunicorn-flask:python3.9", None),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.9", "tiangolo/uvicorn-gunicorn-fastapi:python3.9-slim"),
        ("python", "python:slim"),
        ("python:3", "python:3-slim"),
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("python:3.5.1", "python:3.5.1-slim"),
        ("python:2.7", "python:2.7-slim"),
        ("python:bookworm", "python:slim-bookworm"),
        ("node", "node:slim"),
        ("node:latest", "node:slim"),
        ("node:lts", "node:lts-slim"),
        ("node:20", "node:20-slim"),
        ("node:20-bookworm", "node:20-bookworm-slim"),
        ("node:8.12.0-jessie", "node:8.12.0-slim"),
        ("node:8.12.0-stretch", None),
        ("node:4.4", "node:4.4-slim"),
        ("node:0.10", "node:0.10-slim"),
        ("node:16.13.0", "node:16.13.0-slim"),
        (f"node:20@{DIGEST}", "node:20-slim"),
        ("public.ecr.aws/docker/library/python:3.11", "public.ecr.aws/docker/library/python:3.11-slim"),
        ("debian", "debian:stable-slim"),
        (f"debian@{DIGEST}", None),
        (f"debian:latest@{DIGEST}", None),
        (f"debian:12@{DIGEST}", "debian:12-slim"),
        ("debian:bookworm", "debian:bookworm-slim"),
        ("debian:12.5", "debian:12.5-slim"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm", "ghcr.io/astral-sh/uv:python3.12-bookworm-slim"),
        ("nvidia/cuda:12.2.0-devel-ubuntu22.04", "nvidia/cuda:12.2.0-runtime-ubuntu22.04"),
        ("pytorch/pytorch:2.8.0-cuda12.6-cudnn9-devel", "pytorch/pytorch:2.8.0-cuda12.6-cudnn9-runtime"),
        ("oven/bun:1", "oven/bun:1-slim"),
    ],
)
def test_slim_partner(reference: str, partner: str | None) -> None:
    assert known(reference).slim_partner == partner


@pytest.mark.parametrize(
    "reference", ["python:3.12", "node:20-bookworm", "node:lts", "python:2.7.10", "node:8.9"]
)
def test_slim_partner_is_the_same_thing_smaller(reference: str) -> None:
    full = known(reference)
    assert full.slim_partner is not None
    slim = known(full.slim_partner)
    assert slim.variant == "slim"
    assert 0 < slim.size < full.size
    for name in (
        "family",
        "version",
        "suite",
        "libc",
        "libc_version",
        "manager",
        "user",
        "env",
        "entrypoint",
        "cmd",
    ):
        assert getattr(slim, name) == getattr(full, name)


@pytest.mark.parametrize(
    ("reference", "static", "debian", "alpine"),
    [
        ("golang:1.10", "gcr.io/distroless/static-debian13", "debian:stretch-slim", None),
        ("golang:1.17-bullseye", "gcr.io/distroless/static-debian11", "debian:bullseye-slim", None),
        ("golang:1.22", "gcr.io/distroless/static-debian12", "debian:bookworm-slim", None),
        ("golang:1.24", "gcr.io/distroless/static-debian13", "debian:trixie-slim", None),
        ("golang:1.22-alpine", None, None, "alpine:3.21"),
        ("golang:alpine3.19", None, None, "alpine:3.19"),
        ("golang:1.99-alpine", None, None, "alpine:latest"),
        (
            "docker.io/golang:1.22",
            "gcr.io/distroless/static-debian12",
            "docker.io/debian:bookworm-slim",
            None,
        ),
    ],
)
def test_golang_runtime_bases(
    reference: str, static: str | None, debian: str | None, alpine: str | None
) -> None:
    bases = known(reference).runtime_bases
    assert (bases.get("static"), bases.get("debian"), bases.get("alpine")) == (static, debian, alpine)
    builder = known(reference)
    for base in bases.values():
        runtime = known(base)
        assert runtime.libc in (builder.libc, "none")
        assert runtime.libc_version in (builder.libc_version, None)


def test_configuration_follows_the_release() -> None:
    assert known("node:8.9").entrypoint == ()
    assert known("node:10").entrypoint == ("docker-entrypoint.sh",)
    assert "yarn" in known("node:22").commands
    assert "yarn" not in known("node:26").commands
    assert known("python:3.12").env["LANG"] == "C.UTF-8"
    assert "LANG" not in known("python:3.13").env
    assert known("python:2.7").cmd == ("python2",)
    assert known("golang:1.20").env.keys() == {"PATH", "GOPATH", "GOLANG_VERSION"}
    assert known("golang:1.22.1").env["GOLANG_VERSION"] == "1.22.1"
    assert known("golang:1.22").env["GOLANG_VERSION"] is None
    assert known("golang:1.22").env["GOTOOLCHAIN"] == "local"


def test_what_a_digest_settles() -> None:
    assert known(f"golang:1.26.4@{DIGEST}").suite_sure
    assert known(f"golang:1.26-bookworm@{DIGEST}").suite_sure
    assert not known(f"golang:latest@{DIGEST}").suite_sure
    assert known(f"golang@{DIGEST}").version is None


@pytest.mark.parametrize(
    ("reference", "version", "sure"),
    [
        ("python:3", "3.14", False),
        ("python:3-buster", "3.11", False),
        ("python:3.12", "3.12", True),
        ("python:3.12.1-slim", "3.12.1", True),
        ("node:20", "20", True),
        ("node:lts", "24", False),
        ("golang:1", "1.27", False),
    ],
)
def test_version(reference: str, version: str, sure: bool) -> None:
    facts = known(reference)
    assert (facts.version, facts.version_sure) == (version, sure)


@pytest.mark.parametrize(
    "reference", ["python:3.12-windowsservercore", "mcr.microsoft.com/windows/nanoserver:1809"]
)
def test_windows_is_told_apart(reference: str) -> None:
    facts = known(reference)
    assert (facts.distro, facts.libc, facts.manager, facts.shell) == ("windows", None, None, False)


def test_every_published_tag_is_understood() -> None:
    for family in ("golang", "node", "python"):
        table = tags(family)
        for version, (row, *_) in table["versions"].items():
            for qualifier, suite in table["tags"][row].items():
                facts = known(f"{family}:{'-'.join(part for part in (version, qualifier) if part)}")
                assert facts.suite == suite.removeprefix("alpine")
                assert facts.suite_sure
                assert facts.distro == ("alpine" if suite.startswith("alpine") else "debian")
                if facts.slim_partner:
                    assert known(facts.slim_partner).suite == facts.suite
