"""What a process costs, and what one costs beside another."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is cached, as where a wheel is installed
RUNS = 3  # of each command, in turn, since a machine is not as fast at all times


class Cost(NamedTuple):
    """Seconds of the wall and of CPU, children included, and MB of the process itself."""

    wall: float
    cpu: float
    memory: float


class Row(NamedTuple):
    """Our cost and the other's: None where the tool is not there."""

    name: str
    own: Cost
    other: Cost | None

    def __str__(self) -> str:
        cells = []
        for what, unit in (("cpu", "s"), ("wall", "s"), ("memory", "MB")):
            own, digits = getattr(self.own, what), 0 if unit == "MB" else 2
            if self.other is None:
                cells.append(f"{'':5}  {own:.{digits}f} {unit}")
            else:
                other = getattr(self.other, what)
                ratio = own / other if other else 0
                cells.append(f"{ratio:5.2f}  {own:.{digits}f} / {other:.{digits}f} {unit}")
        return f"{self.name:34}" + "".join(f"{cell:26}" for cell in cells).rstrip()


def cost(command: Sequence[str], source: Path | None = None) -> Cost:
    """One run; `source` comes through a pipe."""
    environment = {**os.environ, "CI": "true", "PYTHONPATH": str(ROOT)}
    pipe = None
    if source is not None:
        pipe = subprocess.Popen(["cat", str(source)], stdout=subprocess.PIPE)
    start = time.monotonic()
    run = subprocess.Popen(
        command,
        env=environment,
        stdin=pipe.stdout if pipe is not None else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(run.pid, 0)
    wall = time.monotonic() - start
    run.returncode = 0
    if pipe is not None:
        pipe.wait()
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compared(name: str, own: Sequence[str], other: Sequence[str], source: Path | None = None) -> Row:
    """The medians of runs in turn; `other` is [] where the tool is not there, and always reads files."""
    found: list[tuple[Cost, Cost | None]] = []
    for _ in range(RUNS):
        found.append((cost(own, source), cost(other) if other else None))
    others = [two for _, two in found if two is not None]
    return Row(name, median([one for one, _ in found]), median(others) if others else None)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))
