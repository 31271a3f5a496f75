"""Rows per second and memory of `slimify scan`: `python tests/bench/bench_scan.py [ROWS…] [--jobs N…]`.

A fleet of ROWS repositories is made of copies of golden cases, in turn, and scanned with 1, 2, … processes,
as many as there are processors. Seconds of the wall and of CPU, processes included; memory is the most that
the first process, and the largest of the others, ever had at a time (VmHWM; Linux only).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROCESSORS = os.cpu_count() or 1


def main() -> None:
    adopt_orphans()
    asked = argparse.ArgumentParser()
    asked.add_argument("rows", type=int, nargs="*", default=[200])
    asked.add_argument("--jobs", type=int, nargs="*", default=range(1, PROCESSORS + 1))
    words = asked.parse_args()
    print(
        f"{'rows':>6} {'jobs':>5} {'wall, s':>8} {'CPU, s':>8} {'rows/s':>8} {'first, MB':>10} {'other':>10}"
    )
    for rows in words.rows:
        with tempfile.TemporaryDirectory() as folder:
            fleet(Path(folder) / "fleet", rows)
            for jobs in words.jobs:
                wall, cpu, first, other = scanned(Path(folder), jobs)
                figures = f"{wall:8.1f} {cpu:8.1f} {rows / wall:8.1f} {first / 1e3:10.0f} {other / 1e3:10.0f}"
                print(f"{rows:6} {jobs:5} {figures}", flush=True)


def adopt_orphans() -> None:
    """Makes the processes of ended ones children of this one, so that their CPU counts, too."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER (prctl(2))


def fleet(folder: Path, rows: int) -> None:
    """That many repositories."""
    cases = sorted(path.parent for path in (ROOT / "golden").glob("*/input/Dockerfile"))
    for number in range(rows):
        shutil.copytree(cases[number % len(cases)], folder / f"{number:05}", symlinks=True)
        (folder / f"{number:05}" / ".git").mkdir(exist_ok=True)


def scanned(folder: Path, jobs: int) -> tuple[float, float, int, int]:
    """Seconds of the wall and of CPU, and kB of the first process and of the largest other one."""
    words = ["scan", str(folder / "fleet"), "--jobs", str(jobs), "--html", str(folder / "page.html")]
    start, before = time.monotonic(), _cpu()
    run = subprocess.Popen(
        [sys.executable, "-m", "slimify", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    most: dict[int, int] = {}
    threading.Thread(target=_watch, args=(run.pid, most), daemon=True).start()
    run.wait()
    wall = time.monotonic() - start
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    others = (size for pid, size in most.items() if pid != run.pid)
    return wall, _cpu() - before, most.get(run.pid, 0), max(others, default=0)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(first: int, most: dict[int, int]) -> None:
    """Looks at the processes again and again, until the first one has gone."""
    while Path(f"/proc/{first}/status").exists():
        for pid in [first, *(below for child in _children(first) for below in (child, *_children(child)))]:
            with contextlib.suppress(OSError, IndexError):
                text = Path(f"/proc/{pid}/status").read_text()
                most[pid] = max(most.get(pid, 0), int(text.partition("VmHWM:")[2].split()[0]))
        time.sleep(0.1)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


if __name__ == "__main__":
    main()
