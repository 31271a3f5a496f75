"""What several test modules need."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slimify.model.sources import SourceFacts

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"


@cache
def context_with(context: Path, media: tuple[tuple[str, int], ...]) -> Path:
    """A copy of a build context with the large files that no repository should hold: names and bytes."""
    copy = Path(tempfile.mkdtemp(prefix="slimify-golden-")) / context.name
    atexit.register(shutil.rmtree, copy.parent, ignore_errors=True)
    shutil.copytree(context, copy)
    for name, size in media:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        with (copy / name).open("wb") as file:
            file.truncate(size)
    return copy


@dataclass(frozen=True)
class Result:
    """What a command did; standard output in bytes, as a pipe sees it."""

    code: int
    stdout: bytes
    stderr: str


def invoke(*args: str, cwd: Path | None = None, stdin: bytes = b"") -> Result:
    """Runs the command line in this process, its streams captured."""
    from slimify.cli import app

    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with (
        _directory(cwd),
        _argv(args),
        _stdin(io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            app.main()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0
    out.flush()
    return Result(code=code, stdout=out.buffer.getvalue(), stderr=err.getvalue())  # type: ignore[attr-defined]


@contextlib.contextmanager
def _directory(path: Path | None) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path or before)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _argv(args: tuple[str, ...]) -> Iterator[None]:
    before, sys.argv = sys.argv, ["slimify", *args]
    try:
        yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def _stdin(stream: io.TextIOWrapper) -> Iterator[None]:
    before, sys.stdin = sys.stdin, stream
    try:
        yield
    finally:
        sys.stdin = before


def calls_of(work: Callable[[], object]) -> int:
    """How many functions the work calls, C's included: the same on a fast machine and a busy one."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


@cache
def slowness() -> float:
    """How much slower a plain loop is here than on the machine for which limits of CPU time were set."""
    start = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number * number
    return max(1.0, (time.process_time() - start) / 0.1)


def with_started(facts: SourceFacts) -> SourceFacts:
    """What sources use, with the programs that the command lines in them start."""
    from slimify.analysis.runtime_needs import Followed
    from slimify.semantics.effects.state import State

    followed = Followed()
    followed.add_started(facts.started, State(cwd="/app"), None)
    return followed.with_started(facts)
