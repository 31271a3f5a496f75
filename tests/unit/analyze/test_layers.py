"""Which instruction made a layer, in which line it stands, and what is the base image."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from slimify.analyze.layers import origin, readable_instruction
from slimify.image.model import Image, Layer, Step
from slimify.syntax.dockerfile.history import keyword_of, match_history
from slimify.syntax.dockerfile.parser import parse

CLEANED = {
    "nothing known": ("", ""),
    "as written": ("WORKDIR /app", "WORKDIR /app"),
    "buildkit": ("COPY . . # buildkit", "COPY . ."),
    "buildkit's run": ("RUN /bin/sh -c make  all # buildkit", "RUN make all"),
    "arguments": ("RUN |2 A=1 B=two words /bin/sh -c make # buildkit", "RUN make"),
    "another shell": ("RUN /bin/bash -eo pipefail -c set -x; make # buildkit", "RUN set -x; make"),
    "a program in JSON form": ("RUN node build.js # buildkit", "RUN node build.js"),
    "a shell that the user wrote": ("RUN sh -c make # buildkit", "RUN sh -c make"),
    "lines": (
        "RUN /bin/sh -c apt-get update\n\t&& apt-get install x # buildkit",
        "RUN apt-get update && apt-get install x",
    ),
    "classic, shell of another kind": ("/bin/ksh -c make", "RUN make"),
    "classic, run": ("/bin/sh -c apk add x", "RUN apk add x"),
    "classic, arguments": ("|1 V=2 /bin/sh -c apk add x", "RUN apk add x"),
    "classic, no layer": ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
    "classic, another shell": ("/bin/bash -o pipefail -c #(nop) ENV A=1", "ENV A=1"),
    "classic, a file by its digest": (
        f"/bin/sh -c #(nop) ADD file:{'a1' * 32} in / ",
        "ADD file:a1a1a1a1a1a1 in /",
    ),
    "debian's own": (
        "# debian.sh --arch 'amd64' out/ 'bookworm'",
        "# debian.sh --arch 'amd64' out/ 'bookworm'",
    ),
    "another builder's": ("bazel build //image", "RUN bazel build //image"),
}


@pytest.mark.parametrize(("created_by", "expected"), CLEANED.values(), ids=CLEANED.keys())
def test_cleaned(created_by: str, expected: str) -> None:
    assert readable_instruction(created_by) == expected
    assert readable_instruction(expected) == expected


@pytest.mark.parametrize(
    ("created_by", "keyword"),
    [
        ("ENV A=1", "ENV"),
        ('/bin/sh -c #(nop)  ENTRYPOINT ["x"]', "ENTRYPOINT"),
        ('HEALTHCHECK &{["CMD-SHELL" "true"] "0s"}', "HEALTHCHECK"),
        ("EXPOSE map[80/tcp:{}]", "EXPOSE"),
        ("|1 A=1 /bin/sh -c make", "RUN"),
        ("RUN /bin/sh -c echo '#(nop) ENV A' # buildkit", "RUN"),
        ("", "RUN"),
    ],
)
def test_keyword(created_by: str, keyword: str) -> None:
    assert keyword_of(created_by) == keyword


EMPTY = ("ENV", "CMD", "ENTRYPOINT", "ARG", "LABEL", "USER", "EXPOSE", "HEALTHCHECK", "SHELL")


def image(*steps: str) -> Image:
    """An image whose steps make layers as builders make them."""
    layers: list[Layer] = []
    history = []
    for step in steps:
        makes = keyword_of(step) not in EMPTY
        history.append(Step(created_by=step, layer=len(layers) if makes else None))
        if makes:
            layers.append(Layer(digest="", created_by=step, size=1))
    return Image(config={}, layers=tuple(layers), history=tuple(history))


DEBIAN = ("# debian.sh --arch 'amd64' out/ 'bookworm' '@1'",)
PYTHON = (*DEBIAN, "ENV PYTHON_VERSION=3.12.1", "RUN /bin/sh -c make python # buildkit", 'CMD ["python3"]')
OWN = ("WORKDIR /app", "COPY . . # buildkit", "RUN |1 V=1 /bin/sh -c make # buildkit", 'CMD ["app"]')
FILE = b"FROM python:3.12\n\nWORKDIR /app\nCOPY . .\nRUN make\nCMD app\n"
STAGES = (
    b"FROM golang AS build\nRUN make\nFROM python:3.12 AS base\nWORKDIR /app\n"
    b"FROM base\nCOPY . .\nRUN make\nCMD app\n"
)
LINES = {
    "the file": (FILE, OWN, {2: 3, 3: 4, 4: 5}),
    "stages on stages": (STAGES, OWN, {2: 4, 3: 6, 4: 7}),
    "labels of the command line": (FILE, (*OWN, "/bin/sh -c #(nop)  LABEL a=1"), {2: 3, 3: 4, 4: 5}),
    "another file": (b"FROM x\nRUN make\nUSER app\n", OWN, None),
    "more instructions than history": (b"FROM x\n" + b"RUN a\n" * 30, OWN, None),
}


@pytest.mark.parametrize(("file", "own", "lines"), LINES.values(), ids=LINES.keys())
def test_lines(file: bytes, own: Sequence[str], lines: dict[int, int] | None) -> None:
    found = origin(image(*PYTHON, *own), file)
    assert dict(found.lines) == (lines or {})
    assert found.first_own == 2
    assert bool(found.warnings) == (lines is None)
    assert (match_history(parse(file), image(*PYTHON, *own).history) is None) == (lines is None)


BASES = {
    "nothing known": (("COPY / /", "RUN make"), 0),
    "nothing at all": ((), 0),
    "a distribution": (OWN, 1),
    "debian of old": (
        (f"/bin/sh -c #(nop) ADD file:{'0' * 64} in / ", '/bin/sh -c #(nop)  CMD ["bash"]', *OWN),
        1,
    ),
    "alpine": (("ADD alpine-minirootfs-3.20.0-x86_64.tar.gz / # buildkit", 'CMD ["/bin/sh"]', *OWN), 1),
    "python": ((*PYTHON, *OWN), 2),
    "python alone": (PYTHON, 2),
    "go": ((*DEBIAN, "ENV GOLANG_VERSION=1.24", "COPY /x /", "WORKDIR /go", *OWN), 3),
    "a working directory of that name": ((*DEBIAN, "WORKDIR /go", *OWN), 1),
    "distroless": (("bazel build ...", "bazel build ...", "COPY app /"), 2),
    "a start command that is not the base's": ((*PYTHON, *OWN[:-1], 'CMD ["gunicorn"]'), 2),
}


@pytest.mark.parametrize(("steps", "first"), BASES.values(), ids=BASES.keys())
def test_base_without_a_dockerfile(steps: tuple[str, ...], first: int) -> None:
    steps = (*DEBIAN, *OWN) if steps is OWN else steps
    found = origin(image(*steps))
    assert found.first_own == first
    assert not found.lines
    assert bool(found.warnings) == bool(steps)


def test_a_file_with_no_layer_of_its_own() -> None:
    found = origin(image(*DEBIAN, 'CMD ["app"]'), b"FROM debian\nCMD app\n")
    assert (found.first_own, dict(found.lines), found.warnings) == (1, {}, ())
