"""How long reading takes, for sizes that double: `python tests/bench/bench_dockerfile.py`.

CPU seconds, the best of three. Twice the size should take twice the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.dockerfile.scope import scopes

SHAPES: dict[str, Callable[[int], str]] = {
    "instructions": lambda n: "RUN apt-get update && apt-get install -y curl\n" * n,
    "lines of one instruction": lambda n: "RUN a" + " \\\n  b" * n + "\n",
    "heredocs": lambda n: "RUN <<EOF\necho hi\nEOF\n" * n,
    "lines of one heredoc": lambda n: "RUN <<EOF\n" + "echo hi\n" * n + "EOF\n",
    "variables": lambda n: "".join(f"ENV a{i}=$a{i - 1}\n" for i in range(n)),
}


def seconds(data: bytes) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        scopes(parse(data), {}, {})
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    for name, shape in SHAPES.items():
        taken = [seconds(encode("FROM x\n" + shape(size))) for size in (10_000, 20_000, 40_000)]
        print(f"{name:26}", *(f"{value:7.3f}" for value in taken))
