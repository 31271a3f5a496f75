"""CPU time of `check` of repositories with many files: `python tests/bench/bench_files.py [FILES] [RUNS]`.

Seconds of user and system time of the whole command, the least of RUNS (default 3), the first time and when
the answer is remembered. Each tree has FILES (default 5,000) files, four of five of them sources of its
language that import each other.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bench_start import cpu_ms, install

BUDGETS = {"first": 1.5, "again": 0.5}  # seconds for 5,000 files

GO = """FROM golang:1.22
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
RUN go build -o /server .
CMD ["/server"]
"""
NODE = """FROM node:20
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
CMD ["node", "dist/index.js"]
"""
PYTHON = """FROM python:3.12
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y build-essential libpq-dev
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "-m", "pkg0.m0"]
"""


def go(n: int) -> tuple[str, str]:
    text = f'package pkg{n // 50}\n\nimport (\n\t"fmt"\n\t"example.org/x/pkg{n // 50 + 1}"\n)\n\n'
    return f"pkg{n // 50}/m{n}.go", text + f'func F{n}() {{\n\tfmt.Println("{n}")\n}}\n' * 4


def node(n: int) -> tuple[str, str]:
    text = f"import express from 'express'\nimport {{ f }} from '../pkg{n // 50 + 1}/m{n + 50}'\n"
    return f"src/pkg{n // 50}/m{n}.ts", text + f"export function f{n}() {{ return '{n}' }}\n" * 6


def python(n: int) -> tuple[str, str]:
    text = f"import os\nimport requests\nfrom pkg{n // 50 + 1} import m{n + 50}\n"
    return f"pkg{n // 50}/m{n}.py", text + f"def f{n}():\n    return os.path.join('data', '{n}')\n" * 4


TREES: dict[str, tuple[Callable[[int], tuple[str, str]], dict[str, str]]] = {
    "go": (
        go,
        {
            "Dockerfile": GO,
            "go.mod": "module example.org/x\n\ngo 1.22\n",
            "main.go": 'package main\n\nimport "example.org/x/pkg0"\n\nfunc main() {\n\tpkg0.F0()\n}\n',
        },
    ),
    "node": (
        node,
        {
            "Dockerfile": NODE,
            "package.json": '{"name": "x", "scripts": {"build": "tsc"}, "dependencies": {"express": "^4"},'
            ' "devDependencies": {"typescript": "^5"}}\n',
            "package-lock.json": '{"name": "x", "lockfileVersion": 3, "packages": {'
            '"": {"dependencies": {"express": "^4"}, "devDependencies": {"typescript": "^5"}},'
            '"node_modules/express": {"version": "4.19.2"},'
            '"node_modules/typescript": {"version": "5.4.5", "dev": true, "bin": {"tsc": "bin/tsc"}}}}\n',
            "tsconfig.json": '{"compilerOptions": {"outDir": "dist"}}\n',
        },
    ),
    "python": (python, {"Dockerfile": PYTHON, "requirements.txt": "requests==2.31.0\npsycopg2==2.9.9\n"}),
}


def write(folder: Path, name: str, files: int) -> None:
    """A repository with that many files."""
    source, own = TREES[name]
    rows = [source(n) for n in range(files * 4 // 5)]
    rows += [
        (f"assets/{n // 100}/file{n}.svg", f"<svg><title>{n}</title></svg>\n") for n in range(files // 5)
    ]
    for path, text in (*own.items(), *rows):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def main(arguments: list[str]) -> None:
    words = [int(word) for word in arguments]
    files, runs = (*words, *(5_000, 3)[len(words) :])
    print(f"{'tree':10} {'files':>6} {'check':6} {'CPU, s':>7}")
    with tempfile.TemporaryDirectory() as place:
        installed = install(Path(place, "installed"))
        for name in TREES:
            folder = Path(place, name)
            write(folder, name, files)
            for when, options in {"first": ["--no-cache"], "again": []}.items():
                command = [sys.executable, "-m", "slimify", "check", *options, str(folder)]
                spent = cpu_ms(command, runs, installed) / 1000
                over = "   OVER" if spent > BUDGETS[when] * files / 5_000 else ""
                print(f"{name:10} {files:6} {when:6} {spent:7.2f}{over}")


if __name__ == "__main__":
    main(sys.argv[1:])
