"""CPU time of whole commands, over that of a bare interpreter. Prints a table; no test.

    python tests/bench/bench_start.py [RUNS]

Milliseconds of user and system time, the least of RUNS (default 15), of what a wheel installs, with
bytecode cached by a first run. Each example is by itself: the workflows of this repository are no part of it.
"again" is a command whose answer is remembered.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]
BUDGETS = {"--version": 20, "--help": 80, "rewrite --help": 80, "go": 150, "node": 150, "py": 200}


def cpu_ms(command: list[str], runs: int, directory: Path = ROOT) -> float:
    """The least CPU time of a command in a directory with slimify, with bytecode cached from a first run."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["XDG_CACHE_HOME"] = str(directory / "cache")
    times = []
    for _ in range(runs + 1):
        before = _children()
        subprocess.run(command, env=environment, capture_output=True, cwd=directory, check=False)
        times.append(_children() - before)
    return min(times[1:]) * 1000


def _children() -> float:
    """Seconds of CPU that finished child processes took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(arguments: list[str]) -> None:
    runs = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory() as folder:
        measure(install(Path(folder)), runs)


def install(folder: Path) -> Path:
    """Puts what a wheel installs into a directory."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def measure(installed: Path, runs: int) -> None:
    python = [sys.executable]
    bare = cpu_ms([*python, "-c", "pass"], runs, installed)
    print(f"{'command':40} {'ms':>5} {'budget':>7}   over a bare interpreter's {bare:.0f} ms")
    commands = {name: name.split() for name in ("--version", "--help", "rewrite --help")}
    for language in ("go", "node", "py"):
        cases = sorted((ROOT / "golden").glob(f"{language}-*/input/Dockerfile"))
        names: dict[str, str] = {}
        for path in cases[:3]:
            alone = shutil.copytree(path.parent, installed / "examples" / path.parts[-3], symlinks=True)
            names[path.parts[-3]] = str(alone / path.name)
        commands |= {f"rewrite {name}": ["rewrite", "--no-cache", path] for name, path in names.items()}
        commands |= {f"rewrite {name}, again": ["rewrite", path] for name, path in [*names.items()][:1]}
    for name, args in commands.items():
        budget = BUDGETS.get(name) or BUDGETS[name.removeprefix("rewrite ").split("-")[0]]
        spent = cpu_ms([*python, "-m", "slimify", *args], runs, installed) - bare
        print(f"{name:40} {spent:5.0f} {budget:7}{'   OVER' if spent > budget else ''}")


if __name__ == "__main__":
    main(sys.argv[1:])
