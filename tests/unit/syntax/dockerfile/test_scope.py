"""The variables that an instruction sees: of the file, of its base image, and those that nobody knows."""

from __future__ import annotations

import pytest

from slimify.syntax.dockerfile.parser import parse
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand

FILE = """ARG TAG=1
FROM base:$TAG
ENV OWN=/own
ARG DEFAULT=/arg
ARG BARE
ENV SAME=$GOPATH/x
FROM base:$TAG AS b
FROM b
FROM scratch
"""


@pytest.mark.parametrize(
    ("word", "known", "unknown"),
    [
        ("/a", "/a", "/a"),
        ("$OWN/a", "/own/a", "/own/a"),
        ("$DEFAULT/a", "/arg/a", "/arg/a"),
        ("${OWN:-/b}", "/own", "/own"),
        ("$GOPATH/a", "/go/a", None),
        ("${GOPATH:-/b}", "/go", None),
        ("$HOME/a", "/a", None),
        ("$BARE/a", "/a", None),
        (r"\$HOME", "$HOME", "$HOME"),
    ],
)
def test_a_base_that_nobody_knows_may_set_any_variable(word: str, known: str, unknown: str | None) -> None:
    file = parse(FILE.encode(), "Dockerfile")
    assert expand(word, scopes(file, {"GOPATH": "/go"}, {})[5]) == known
    assert expand(word, scopes(file, None, {})[5]) == unknown


@pytest.mark.parametrize(
    ("stages", "known"),
    [
        ("FROM base\n", False),
        ("FROM base AS b\nFROM b\n", False),
        ("FROM base AS b\nFROM scratch\n", True),
    ],
)
def test_a_stage_inherits_what_is_not_known(stages: str, known: bool) -> None:
    file = parse(f"{stages}COPY a $X/\n".encode(), "Dockerfile")
    assert (expand("$X/", scopes(file, None, {})[-1]) is not None) is known


def test_from_lines_see_only_arguments() -> None:
    file = parse(b"FROM base:$TAG\n", "Dockerfile")
    assert expand("base:$TAG", scopes(file, None, {})[0]) == "base:"
