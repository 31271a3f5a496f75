"""CPU time of whole commands, over that of a bare interpreter. Prints a table; no test.

    python tests/bench/bench_start.py [RUNS]

Milliseconds of user and system time, the least of RUNS (default 15), with bytecode cached by a
first run. Measured on 2026-11-26, Python 3.11, on one of two idle cores: --version 57, rewrite of
go-alpine 186, of go-cgo 199, of node-client-build 226, of py-absolute-script 207.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUDGETS = {"--version": 80, "--help": 80, "go": 250, "node": 250, "py": 450}


def cpu_ms(command: list[str], runs: int) -> float:
    """The least CPU time of a command, with bytecode cached from a first run."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(runs + 1):
        before = _children()
        subprocess.run(command, env=environment, capture_output=True, cwd=ROOT, check=False)
        times.append(_children() - before)
    return min(times[1:]) * 1000


def _children() -> float:
    """Seconds of CPU that finished child processes took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    python = [sys.executable]
    bare = cpu_ms([*python, "-c", "pass"], runs)
    print(f"{'command':40} {'ms':>5} {'budget':>7}   over a bare interpreter's {bare:.0f} ms")
    commands = {"--version": ["--version"], "--help": ["--help"]}
    for language in ("go", "node", "py"):
        cases = sorted((ROOT / "golden").glob(f"{language}-*/input/Dockerfile"))
        commands |= {f"rewrite {path.parts[-3]}": ["rewrite", str(path)] for path in cases[:3]}
    for name, args in commands.items():
        budget = BUDGETS[name.removeprefix("rewrite ").split("-")[0] if name[0] != "-" else name]
        spent = cpu_ms([*python, "-m", "slimify", *args], runs) - bare
        print(f"{name:40} {spent:5.0f} {budget:7}{'   OVER' if spent > budget else ''}")


if __name__ == "__main__":
    main()
