"""Comments of `--annotate`: their places and their style."""

from __future__ import annotations

import pytest
from support import GOLDEN

import slimify
from slimify import codes

CONTEXT = GOLDEN / "go-cgo" / "input"
FILE = """\
FROM golang:1.24
WORKDIR /crc
COPY go.mod *.go ./
RUN go build -o /crc/crc .
CMD ["/crc/crc"]
"""


def annotated(text: str) -> str:
    outcome = slimify.rewrite(text, CONTEXT, options=slimify.Options(annotate=True))
    assert outcome.after is not None
    return outcome.after


def comments(text: str) -> list[str]:
    own = text.splitlines()
    return [line for line in annotated(text).splitlines() if line.lstrip()[:1] == "#" and line not in own]


def test_stages_and_steps_that_stay_as_they_are_get_no_comment() -> None:
    lines = annotated(FILE).splitlines()
    assert {lines[i + 1]: line for i, line in enumerate(lines) if line.startswith("#")} == {
        "FROM golang:1.24 AS builder": "# Build stage: the image gets only what later stages copy from here",
        "FROM debian:trixie-slim": "# Runtime image: the same release without compilers and headers",
        "COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt": (
            "# Needed at run time, but not part of debian:trixie-slim"
        ),
        "COPY --from=builder /crc/crc /crc/crc": "# Result of `go build` in stage builder",
    }


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ("", "# Build stage: the image"),
        ("# syntax=docker/dockerfile:1\n", "# Build stage: the image"),
        ("#FROM golang:1.23\n", "# Build stage: the image"),
        ("# Sources and modules\n", "# Build stage: the image"),
        ("# the sources\n", "# build stage: the image"),
        ("#the sources\n", "#build stage: the image"),
        ("## The sources\n", "## Build stage: the image"),
    ],
    ids=["none", "directive", "disabled", "capital", "lower", "no blank", "two signs"],
)
def test_style(own: str, wanted: str) -> None:
    assert comments(own + FILE)[0].startswith(wanted)


def test_period() -> None:
    assert {note[-1] for note in comments(f"# These are the sources.\n{FILE}")} == {"."}
    assert {note[-1] for note in comments(f"# The sources\n{FILE}")} != {"."}


def test_line_ends_are_those_of_the_file() -> None:
    after = annotated(FILE.replace("\n", "\r\n"))
    assert after.count("\n") == after.count("\r\n")


def test_comments_for_linters_remain_directly_above_the_instruction() -> None:
    after = annotated(f"# hadolint ignore=DL3007\n{FILE}")
    assert after.startswith("# Build stage: ")
    assert "\n# hadolint ignore=DL3007\nFROM golang:1.24 AS builder\n" in after


def test_notes_belong_to_codes() -> None:
    assert {key for key in codes.notes() if key.startswith("SL")} <= codes.known().keys()
