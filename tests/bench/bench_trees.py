"""Dockerfiles a second and processor of real repositories: `python tests/bench/bench_trees.py DIRECTORY`.

Below DIRECTORY, each directory is a repository. One process reads them one by one and remembers nothing,
as `check --no-cache` does. Prints seconds of CPU, without those of the first import, and the slowest
Dockerfiles.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import slimify

BUDGETS = {"files a second": 25, "slowest": 5.0}  # of one processor, and seconds


def main(arguments: list[str]) -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("directory", type=Path)
    trees = sorted(path for path in asked.parse_args(arguments).directory.iterdir() if path.is_dir())
    times: list[tuple[float, str]] = []
    start = time.process_time()
    for tree in trees:
        try:
            todo = list(slimify.find([str(tree)], command="check"))
        except slimify.SlimifyError:
            continue  # no Dockerfile here
        checked = slimify.check_files(todo, slimify.CheckOptions())
        for source, _ in todo:
            before = time.process_time()
            next(checked)
            times.append((time.process_time() - before, source.name))
    spent = time.process_time() - start
    print(f"{len(trees)} repositories, {len(times)} Dockerfiles, {spent:.1f} s of CPU")
    print(f"{len(times) / spent:.1f} files a second (budget {BUDGETS['files a second']})")
    for seconds, name in sorted(times, reverse=True)[:3]:
        print(f"{seconds:6.2f} s (budget {BUDGETS['slowest']:.0f})  {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
