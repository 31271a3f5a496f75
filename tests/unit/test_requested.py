"""What is done on request only, and where it is not done: one table for all the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model import Outcome

MODULE = "module example.com/shop\n\ngo 1.22\n"
SERVER = 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":8080", nil) }\n'
SHOP: Mapping[str, str] = {"go.mod": MODULE, "main.go": SERVER}
BUILD = ("WORKDIR /app", "COPY . .", "RUN go build -o /usr/local/bin/shop .")
GO = ("FROM golang:1.22-bookworm", *BUILD, 'CMD ["/usr/local/bin/shop"]')
ALPINE = ("FROM golang:1.22-alpine3.20", *GO[1:])


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile, options, and what has to hold: lines of the new file, and text in none of them;
    `codes` of decisions with a word of each."""

    id: str
    file: tuple[str, ...]
    options: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=lambda: SHOP)
    lines: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


DEBUG = {"debug_target": True}

ROWS = (
    # --- debug target ------------------------------------------------------------------------------
    Row(id="debug-not-asked-for", file=GO, options={}, never=("debug", "AS runtime")),
    Row(
        id="debug-not-needed",
        file=ALPINE,
        options=DEBUG,
        never=("debug", "AS runtime"),
        codes={"SL333": "has a shell already"},
    ),
    Row(
        id="debug-name-is-taken",
        file=("FROM golang:1.22-bookworm AS debug", *GO[1:]),
        options=DEBUG,
        never=("AS runtime",),
        codes={"SL333": "called debug already"},
    ),
    Row(
        id="debug-beside-distroless",
        file=GO,
        options=DEBUG,
        lines=(
            "FROM gcr.io/distroless/base-debian12 AS runtime",
            "FROM runtime AS debug",
            "COPY --from=gcr.io/distroless/base-debian12:debug /busybox /busybox",
            "FROM runtime",
        ),
        codes={"SL332": "--target debug"},
    ),
    Row(
        id="debug-in-the-case-of-the-file",
        file=("from golang:1.22-bookworm as runtime", *GO[1:]),
        options=DEBUG,
        lines=("from final as debug", "from final as runtime"),
    ),
)


def outcome(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    data = "\n".join((*row.file, "")).encode()
    return pipeline.rewrite(data, name="Dockerfile", context=directory, options=Options(**row.options))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_on_request(row: Row, tmp_path: Path) -> None:
    found = outcome(row, tmp_path)
    assert found.kind == "rewritten", found.decisions
    assert found.after is not None
    missing = [line for line in row.lines if line not in found.after.split("\n")]
    assert (missing, [text for text in row.never if text in found.after]) == ([], []), found.after
    said = {decision.code: decision.text for decision in found.decisions}
    assert {code: word for code, word in row.codes.items() if word not in said.get(code, "")} == {}, said


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_new_file_stays_as_it_is(row: Row, tmp_path: Path) -> None:
    found = outcome(row, tmp_path)
    again = pipeline.rewrite(
        (found.after or "").encode(),
        name="Dockerfile",
        context=tmp_path,
        options=Options(**row.options),
    )
    assert (again.kind, again.after) == ("unchanged", None)
