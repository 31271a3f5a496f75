"""Go: directories that a program writes to, and files that the checkout may lack, stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.go_layouts import BUILD, MODULE, SHOP_COPY, START, Row, holds

PROGRAM = (
    'package main\n\nimport (\n\t"net/http"\n\t"os"\n\t"path/filepath"\n)\n\n'
    "func main() {{ {0}; _ = http.Serve }}\n"
)
DATA = {"data/.gitkeep": "", "docs/manual.txt": "x"}
WHOLE = ("COPY . .", SHOP_COPY)


def row(
    name: str, call: str, *final: str, never: tuple[str, ...] = (), run: tuple[str, ...] = (), **files: str
) -> Row:
    start = ("WORKDIR /app", "COPY . .", *run, *BUILD[2:], START)
    known = {"go.mod": MODULE, "main.go": PROGRAM.format(call), **DATA, **files}
    return Row(id=name, file=("FROM golang:1.22", *start), files=known, final=final, never=never)


ROWS = (
    row("writes-nothing", '_ = os.Getenv("data/x.txt/")', SHOP_COPY, never=("COPY . .", "docs")),
    row("writes-beside-the-program", 'os.Create("log.txt")', SHOP_COPY, never=("COPY . .", "data")),
    row("makes-its-directory", 'os.MkdirAll("var/x", 0o755); os.Create("var/x/y")', never=("COPY . .",)),
    row("writes-into-a-copied-directory", 'os.Create("data/a.txt")', "COPY data ./data", never=("docs",)),
    row("appends", 'os.OpenFile("data/a", os.O_APPEND|os.O_CREATE, 0o600)', "COPY data ./data"),
    row("writes-deeper", 'os.Create(filepath.Join("data", "x"))', "COPY data ./data", never=("docs",)),
    row("database", 'open("sqlite3", "data/a.db")', "COPY data ./data", never=("docs",)),
    row("database-address", 'open("sqlite3", "file:data/a.db?mode=rwc")', "COPY data ./data"),
    row("database-by-its-full-path", 'open("sqlite3", "/app/data/a.db")', "COPY data ./data"),
    row(
        "database-in-a-made-directory",
        'open("sqlite3", "db/a.db")',
        "COPY --from=builder /app/db /app/db",
        run=("RUN mkdir db",),
    ),
    row(
        "made-directory",
        'os.Create("/app/db/a.db")',
        "COPY --from=builder /app/db /app/db",
        run=("RUN mkdir /app/db",),
    ),
    # --- what is not in the checkout ------------------------------------------------------------------------
    row("writes-into-a-directory-of-others", 'os.Create("var/x")', *WHOLE),
    row("reads-what-git-ignores", 'os.Open("font/" + os.Args[1] + ".ttf")', *WHOLE),
    row("below-a-made-directory", 'os.ReadFile("font/a.ttf")', *WHOLE, run=("RUN mkdir -p /app",)),
    row(
        "below-an-owned-directory",
        'os.ReadFile("a.ttf")',
        "COPY --chown=1000:root . .",
        "RUN chown 1000 /app",
        SHOP_COPY,
        run=("RUN chown -R 1000 /app",),
    ),
    row("reads-an-absent-file", 'os.ReadFile("secret.json")', *WHOLE),
    row(
        "reads-what-the-build-makes",
        'os.ReadFile("gen.json")',
        run=("RUN echo 1 > gen.json",),
        never=("COPY . .",),
    ),
    row("reads-outside-the-copy", 'os.ReadFile("/etc/shop.json")', SHOP_COPY, never=("COPY . .",)),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_layout(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
