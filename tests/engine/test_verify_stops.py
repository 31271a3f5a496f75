"""`slimify verify` when it can't go on: one clear message, the exit code, and nothing left behind.

The command runs as its users run it, in a process of its own. Where the engine has to fail, a docker
stands in front of the real one and says what a real one said when it failed that way.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

BASE = "debian:trixie-slim"


@dataclass(frozen=True)
class Place:
    """A context and a temporary directory of its own; `label` marks what is made of its Dockerfiles."""

    context: Path
    temporary: Path
    label: str
    seconds: str  # how long its programs sleep: known to nobody else

    def write(self, name: str, *lines: str) -> None:
        text = "\n".join((f"FROM {BASE}", f"LABEL proof={self.label}", *lines, ""))
        (self.context / name).write_text(text)

    def verify(self, **env: str) -> subprocess.Popen[str]:
        """The command, comparing Dockerfile with Rewritten."""
        words = ("verify", "--engine", "buildx", "--rewritten", "Rewritten", "Dockerfile")
        return subprocess.Popen(
            [sys.executable, "-m", "slimify", *words],
            cwd=self.context,
            env={**os.environ, "TMPDIR": str(self.temporary), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self) -> list[str]:
        """Containers, images, temporary files, programs."""
        ask = ("--quiet", "--filter", f"label=proof={self.label}")
        found = _docker("ps", "--all", *ask).split() + _docker("images", *ask).split()
        return [*found, *os.listdir(self.temporary), *self.sleeping()]

    def sleeping(self) -> list[str]:
        words = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if line.startswith("sleep ") and self.seconds in line:
                words.append(line)
        return words


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    label = uuid.uuid4().hex
    place = Place(tmp_path / "context", tmp_path / "tmp", label, str(int(label[:6], 16) + 100_000))
    place.context.mkdir()
    place.temporary.mkdir()
    place.write("Dockerfile", 'CMD ["true"]')
    place.write("Rewritten", "RUN true", 'CMD ["true"]')
    yield place
    assert place.left() == []


def _failed(process: subprocess.Popen[str], says: str) -> None:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 4, err
    assert out == ""
    lines = [line for line in err.splitlines() if not line.startswith(("original:", "rewritten:"))]
    assert says in lines[0]
    assert "Traceback" not in err
    assert len(lines) <= 3, err


def test_no_engine_answers(place: Place) -> None:
    _failed(place.verify(DOCKER_HOST=f"unix://{place.context}/none.sock"), "the engine does not respond")


# When the real docker is told `words`, this comes instead.
FAILURES = [
    (
        "the daemon ends while it builds",
        "buildx build",
        "#5 [2/2] RUN true\nERROR: failed to receive status: rpc error: code = Unavailable desc = error "
        "reading from server: EOF",
        "the engine stopped during the operation",
    ),
    (
        "no space while it builds",
        "buildx build",
        "ERROR: failed to solve: failed to copy files: copy file range failed: no space left on device",
        "no space left on disk",
    ),
    (
        "no space while an image is saved",
        "save",
        "Error response from daemon: write /var/lib/docker/tmp/docker-export-1/blobs/sha256/aa: "
        "no space left on device",
        "no space left on disk",
    ),
    (
        "the daemon ends while an image is saved",
        "save",
        'error during connect: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.45/images/x/get": EOF',
        "the engine does not respond",
    ),
    (
        "no space while a container starts",
        "run",
        "docker: Error response from daemon: mkdir /var/lib/docker/overlay2/x-init: no space left on device.",
        "no space left on disk",
    ),
    (
        "the daemon is gone when a container starts",
        "run",
        "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
        "running?.",
        "the engine does not respond",
    ),
]


@pytest.mark.parametrize(
    ("words", "text", "says"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_the_engine_fails(place: Place, tmp_path: Path, words: str, text: str, says: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "said").write_text(text + "\n")
    script = folder / "docker"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in "{words}"*) cat {folder}/said >&2; exit 1 ;; esac\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    script.chmod(0o755)
    _failed(place.verify(PATH=f"{folder}:{os.environ['PATH']}"), says)


@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize(("instruction", "programs"), [("RUN", 2), ("CMD", 1)], ids=["building", "running"])
def test_a_signal_leaves_nothing(
    place: Place, instruction: str, programs: int, number: signal.Signals
) -> None:
    for name in ("Dockerfile", "Rewritten"):
        place.write(name, f"ENV NAME={name}", f"{instruction} sleep {place.seconds}")
    process = place.verify()
    _until(lambda: len(place.sleeping()) >= programs or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode in (128 + number, -number), err
    assert out == ""
    assert "Traceback" not in err
    _until(lambda: place.left() == [])  # a build's RUN ends a moment after its client


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.3)
