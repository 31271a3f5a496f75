"""Stages of a file as events: which commands of two files are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.scan import scan
from slimify.facts.images import image
from slimify.semantics.machine.stages import Machine, execute, plain_text
from slimify.syntax.dockerfile.parser import parse


def machine(text: str, directory: Path) -> Machine:
    return execute(parse(text.encode(), "Dockerfile"), scan(directory), image, {})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("RUN make", "RUN make", True, id="as it is"),
        pytest.param("RUN a && make", "RUN make", True, id="in another RUN"),
        pytest.param("RUN  make   x", "RUN make \\\n  x", True, id="written otherwise"),
        pytest.param("RUN pip install --no-cache-dir x", "RUN pip install x", True, id="without its cache"),
        pytest.param("RUN make x", "RUN make y", False, id="another argument"),
        pytest.param("WORKDIR /a\nRUN make", "WORKDIR /b\nRUN make", False, id="reads another directory"),
        pytest.param("WORKDIR /a\nRUN touch /x", "WORKDIR /b\nRUN touch /x", True, id="reads no directory"),
        pytest.param("WORKDIR /a\nRUN touch x", "WORKDIR /b\nRUN touch x", False, id="writes elsewhere"),
    ],
)
def test_equal_origins(one: str, other: str, same: bool, tmp_path: Path) -> None:
    ends = [machine(f"FROM debian\n{text}\n", tmp_path).final.events[-1].origin for text in (one, other)]
    assert (ends[0] == ends[1]) is same


def test_stages_that_build_on_each_other(tmp_path: Path) -> None:
    text = "FROM python:3.12 AS a\nENV X=1\nRUN one\nFROM a AS b\nRUN two\nFROM debian\nCOPY --from=b /x /x\n"
    found = machine(text, tmp_path)
    assert [s.name for s in found.stages] == ["a", "b", ""]
    assert [e.origin.name for e in found.stages[1].events if e.keyword == "RUN" and e.origin] == [
        "one",
        "two",
    ]
    assert [e.number for e in found.stages[1].events] == [0, 1, 2]
    assert found.stages[1].own[0].state.env["X"] == "1"
    assert found.stages[1].facts == image("python:3.12")
    copy = found.final.events[0].copy
    assert copy is not None
    assert copy.stage is found.stages[1]


def test_a_script_that_comes_out_of_a_stage_is_read(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text("#!/bin/sh\nmkdir /made\n")
    text = "FROM debian AS a\nCOPY . /s\nFROM debian\nCOPY --from=a /s/setup.sh /\nRUN sh /setup.sh\n"
    effects = machine(text, tmp_path).final.events[-1].effects
    assert any("/made" in e.writes for e in effects)


def test_text_of_a_command() -> None:
    """Options count as those of a cache only where the command takes them."""
    assert plain_text("apk  add \\\n --no-cache git", ()) == "apk add --no-cache git"


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param("FROM b\n", [], id="it only builds on another one"),
        pytest.param("FROM debian\nCOPY --from=nginx /x /x\n", [], id="an image"),
        pytest.param("FROM debian\nCOPY --from=b /x /x\n", ["a", "b"], id="with what the other builds on"),
        pytest.param("FROM debian\nCOPY --from=0 /x /x\n", ["a"], id="by number"),
        pytest.param("FROM debian\nRUN --mount=from=a,target=/a ls /a\n", ["a"], id="mounted"),
        pytest.param("FROM debian\nCOPY --from=c /x /x\n", ["a", "b", "c"], id="through another one"),
    ],
)
def test_sources(last: str, expected: list[str], tmp_path: Path) -> None:
    text = "FROM debian AS a\nRUN one\nFROM a AS b\nFROM debian AS c\nCOPY --from=b /x /x\n"
    assert sorted(s.name for s in machine(text + last, tmp_path).final.sources) == expected


def test_a_long_chain_of_stages(tmp_path: Path) -> None:
    chain = "".join(f"FROM s{n} AS s{n + 1}\nRUN echo {n}\n" for n in range(199))
    assert len(machine(f"FROM debian AS s0\n{chain}", tmp_path).final.events) == 199
