"""Progress parsed from build output."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.engine import progress
from slimify.engine.progress import BuildLog, clean

BUILDKIT = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#4 [build 1/3] FROM docker.io/library/golang:1.22
#4 CACHED

#6 [stage-1 1/2] FROM docker.io/library/debian:bookworm-slim
#6 CACHED

#5 [build 2/3] COPY . .
#5 DONE 0.0s

#7 [build 3/3] RUN go build ./...
#7 0.169 #7 [9/9] RUN not a step
#7 DONE 0.4s

#7 [build 3/3] RUN go build ./...
#8 [linux/amd64 stage-1 2/2] COPY --from=build /a /a
#8 DONE 0.0s

#9 exporting to image
#9 exporting layers
"""
LEGACY = (
    "Sending build context to Docker daemon  3.6kB\nStep 1/2 : FROM debian\n ---> 2aa\nStep 2/2 : RUN x\n"
)
PODMAN = "[1/2] STEP 1/2: FROM golang AS b\n[1/2] STEP 2/2: RUN x\n[2/2] STEP 1/1: FROM debian\nCOMMIT t\n"


def _steps(text: str) -> list[tuple[int, int, str]]:
    log = BuildLog("original")
    seen = []
    for line in text.splitlines(keepends=True):
        if log.feed(line.encode()):
            position = log.position(1.5)
            assert (position.label, position.elapsed) == ("original", 1.5)
            seen.append((position.step, position.steps, position.text))
    return seen


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("#1 [internal] load metadata\n#2 [auth] x\nhello Step 1/2 : x\n", [], id="no step"),
        pytest.param(
            BUILDKIT,
            [
                (1, 3, "FROM docker.io/library/golang:1.22"),
                (2, 5, "FROM docker.io/library/debian:bookworm-slim"),
                (3, 5, "COPY . ."),
                (4, 5, "RUN go build ./..."),
                (5, 5, "COPY --from=build /a /a"),
                (5, 5, "exporting to image"),
            ],
            id="buildkit",
        ),
        pytest.param(LEGACY, [(1, 2, "FROM debian"), (2, 2, "RUN x")], id="legacy"),
        pytest.param(
            PODMAN, [(1, 2, "FROM golang AS b"), (2, 2, "RUN x"), (3, 3, "FROM debian")], id="podman"
        ),
    ],
)
def test_steps(text: str, steps: list[tuple[int, int, str]]) -> None:
    assert _steps(text) == steps


@given(st.lists(st.integers(min_value=0, max_value=len(BUILDKIT))))
def test_chunks_may_end_anywhere(cuts: list[int]) -> None:
    data, log = BUILDKIT.encode(), BuildLog("")
    edges = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        log.feed(data[start:end])
    log.close()
    assert log.text == BUILDKIT
    assert log.position(0).step == 5


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain\n", "plain\n"),
        ("\x1b[91merr\x1b[0m\n", "err\n"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
    ],
)
def test_clean(raw: str, text: str) -> None:
    assert clean(raw) == text


KEPT = "#5 [2/4] RUN a\n#5 CACHED\n#6 [3/4] COPY . .\n#6 DONE 0.1s\n#7 [4/4] RUN b\n#7 DONE 1.0s\n"
LEGACY_KEPT = (
    "Step 1/3 : FROM debian\n ---> 2aa\nStep 2/3 : RUN a\n ---> Using cache\n ---> 3bb\nStep 3/3 : RUN b\n"
)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param(BUILDKIT, 1, id="a-step-that-is-told-twice"),
        pytest.param(KEPT, 1, id="one-was-kept"),
        pytest.param(LEGACY, 1, id="legacy"),
        pytest.param(LEGACY_KEPT, 1, id="legacy-one-was-kept"),
        pytest.param(PODMAN, 1, id="podman"),
    ],
)
def test_executed_run_steps(text: str, runs: int) -> None:
    log = BuildLog("")
    log.feed(text.encode())
    assert log.runs == runs


def test_a_log_without_end_keeps_its_last_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_OUTPUT", 1000)
    monkeypatch.setattr(progress, "_MOST_LINE", 100)
    log = progress.BuildLog("")
    for number in range(1000):
        log.feed(b"%d\n" % number)
    assert len(log.text) <= 1000
    assert log.text.endswith("998\n999\n")
    for _ in range(1000):
        log.feed(b"x" * 60)
    assert len(log.lines) > 5
