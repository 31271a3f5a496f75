"""How long a whole rewrite takes, for sizes that double: `python tests/bench/bench_rewrite.py`.

CPU seconds of one run each. Twice the size should take about twice the time.
Measured on 2026-11-24, Python 3.11, one of two busy cores: 10,000 RUN instructions 4.8 s (5,000:
2.4 s), 10,000 steps before a build 7.1 s (3.4 s), 40,000 commands of one RUN 13.8 s (20,000: 6.8 s),
40,000 lines of a heredoc 4.4 s (2.1 s).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from slimify import pipeline
from slimify.config import MinSaving, Options

OPTIONS = Options(min_saving=MinSaving(percent=0, bytes=0))
SHAPES: dict[str, tuple[int, Callable[[int], str]]] = {
    "RUN instructions": (2_500, lambda n: "FROM python:3.12\n" + "RUN pip install x\n" * n),
    "build steps": (
        2_500,
        lambda n: "FROM golang:1.24\nCOPY . .\n" + "RUN mkdir x\n" * n + 'RUN go build -o /b\nCMD ["/b"]\n',
    ),
    "file steps": (
        2_500,
        lambda n: (
            "FROM golang:1.24\nCOPY . .\n"
            + "".join(f"RUN touch /data/f{i} && rm /data/f{i // 2}\n" for i in range(n))
            + 'RUN go build -o /b\nCMD ["/b"]\n'
        ),
    ),
    "COPY instructions": (
        2_500,
        lambda n: "FROM node:20\n" + "".join(f"COPY f{i} d{i}\n" for i in range(n)) + 'CMD ["node", "d1"]\n',
    ),
    "commands of one RUN": (
        10_000,
        lambda n: "FROM python:3.12\nRUN a \\\n" + " && pip install x \\\n" * n + " && b\n",
    ),
    "lines of one heredoc": (
        10_000,
        lambda n: "FROM python:3.12\nRUN <<EOF\n" + "echo $X\n" * n + "EOF\n",
    ),
}


def seconds(text: str) -> float:
    """CPU time of one rewrite without a build context."""
    start = time.process_time()
    pipeline.rewrite(text.encode(), name="Dockerfile", context=None, options=OPTIONS)
    return time.process_time() - start


if __name__ == "__main__":
    for name, (size, shape) in SHAPES.items():
        figures = (f"{n:6} {seconds(shape(n)):6.2f} s" for n in (size, 2 * size, 4 * size))
        print(f"{name:22}", *figures)
