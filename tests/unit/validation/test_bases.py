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


JAVA = "FROM {}\nRUN apt-get update && apt-get install -y {}\nCMD java -version\n"


@pytest.mark.parametrize(
    ("base", "package", "before", "wrong"),
    [
        ("python:3.8-slim-buster", "git", "", False),
        ("python:3.6-stretch", "default-jre-headless", "", False),  # not a slim image
        ("python:3.8-slim-buster", "default-jre-headless", "", False),
        ("python:3.6-slim-stretch", "default-jre-headless", "RUN mkdir -p /usr/share/man/man1\n", False),
        ("python:3.6-slim-stretch", "default-jre-headless", "", True),
        ("python:3.6-slim-stretch", "postgresql-client", "", True),
    ],
)
def test_manual_pages(base: str, package: str, before: str, wrong: bool, tmp_path: Path) -> None:
    old = JAVA.format(base.replace("-slim", ""), package)
    new = JAVA.format(base, package).replace("RUN", f"{before}RUN", 1)
    assert ("manual pages" in differences(old, new, {}, tmp_path)) == wrong


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


FINISHED = """FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod main.go ./
RUN go build -o /out/server .

FROM golang:1.24
COPY --from=build /out/server /server
CMD ["/server"]
"""
NET = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":80", nil) }\n'
PURE = 'package main\n\nimport "os"\n\nfunc main() { os.Exit(1) }\n'
FETCHED = ("WORKDIR /src", "RUN go install github.com/jwilder/dockerize@latest\nWORKDIR /src")
BARE = ("FROM golang:1.24\nCOPY", "FROM gcr.io/distroless/static-debian13\nCOPY")


@pytest.mark.parametrize(
    ("main", "pairs", "wrong"),
    [
        pytest.param(PURE, (), False, id="no C library"),
        pytest.param(NET, (), True, id="one of another stage"),
        pytest.param(NET, (("RUN go build", "RUN CGO_ENABLED=0 go build"),), False, id="without cgo there"),
        pytest.param("", (), True, id="sources that were not read"),
        pytest.param(
            PURE, (FETCHED, ("/out/server /server", "/out/server /go/bin/dockerize /")), False, id="idle"
        ),
        pytest.param(
            PURE,
            (FETCHED, ("/out/server /server", "/out/server /go/bin/dockerize /"), ('["', '["/dockerize", "')),
            True,
            id="another program",
        ),
    ],
)
def test_a_finished_program(
    main: str, pairs: tuple[tuple[str, str], ...], wrong: bool, tmp_path: Path
) -> None:
    files = {"go.mod": "module example.com/a\n\ngo 1.24\n", **({"main.go": main} if main else {})}
    old = changed(FINISHED, *pairs)
    assert ("static-debian13" in differences(old, changed(old, BARE), files, tmp_path)) == wrong


@pytest.mark.parametrize(
    ("program", "problem"),
    [("example.com/acme/webhook", "debian:trixie-slim"), ("github.com/rakyll/hey", "")],
)
def test_a_program_whose_sources_were_not_read(program: str, problem: str, tmp_path: Path) -> None:
    name = program.rpartition("/")[2]
    build = f"RUN go install {program}@latest\n"
    old = f'FROM golang:1.24\n{build}CMD ["/go/bin/{name}"]\n'
    new = f"FROM golang:1.24 AS builder\n{build}\nFROM debian:trixie-slim\n"
    new += f'COPY --from=builder /go/bin/{name} /go/bin/{name}\nCMD ["/go/bin/{name}"]\n'
    found = differences(old, new, {"a": ""}, tmp_path)
    assert problem in found if problem else not found
