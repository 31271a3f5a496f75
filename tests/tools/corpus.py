"""Runs slimify over many real Dockerfiles and counts what comes of them.

    python tests/tools/corpus.py ROWS.tsv TREES OUT [--before OTHER/rows.jsonl] [--again] [--only TEXT]

ROWS has the columns repo, commit, dockerfile, context and language; TREES one directory
`OWNER__NAME@COMMIT8` a repository. OUT gets `rows.jsonl`, and the diff with its summary a row. With
--before, the rows whose outcome or text changed since that run are named. With --again, each new file is
rewritten once more, and those that do not stay as they are are named. Nothing is built. The exit code is 1
where slimify failed on a row, or a new file did not stay as it is.
"""

from __future__ import annotations

import argparse
import collections
import csv
import difflib
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from slimify.config import Options
from slimify.model.outcome import Outcome
from slimify.report.diff import diff
from slimify.report.text import summary

Row = dict[str, Any]
COLUMNS = ("repo", "commit", "dockerfile", "context", "language")
FAULTS = ("failed", "crash")


def examine(job: tuple[int, Row, Path, Path, bool]) -> Row:
    """What comes of one row; its diff and summary go to the output directory."""
    number, row, trees, out, again = job
    tree = trees / f"{row['repo'].replace('/', '__')}@{row['commit'][:8]}"
    answer: Row = {"row": number, **{name: row[name] for name in COLUMNS}, "rung": "", "codes": []}
    if not (tree / row["dockerfile"]).is_file():
        return {**answer, "outcome": "absent"}
    start = time.process_time()
    try:
        outcome = _rewritten(tree, row)
        second = _rewritten(tree, row, outcome.after) if again and outcome.after else None
    except Exception as error:
        return {**answer, "outcome": "crash", "reasons": [f"{type(error).__name__}: {error}"]}
    page = out / f"{number:03d}-{row['repo'].replace('/', '__')}.diff"
    page.write_bytes(f"{diff(outcome)}\n{summary(outcome)}".encode("utf-8", "surrogateescape"))
    return answer | {
        "outcome": outcome.kind,
        "rung": outcome.rung,
        "codes": [d.code for d in outcome.decisions],
        "reasons": [f"{d.code}: {d.text}" for d in outcome.decisions],
        **(asdict(outcome.estimate) if outcome.estimate is not None else {}),
        "seconds": round(time.process_time() - start, 2),
        "after": (outcome.after or "").encode("utf-8", "backslashreplace").decode(),
        **({"again": _second_run(second)} if second is not None else {}),
    }


def _second_run(outcome: Outcome) -> Row:
    """What comes of a new file that is rewritten once more."""
    changes = list(difflib.unified_diff(outcome.before.splitlines(), (outcome.after or "").splitlines(), n=0))
    return {
        "outcome": outcome.kind,
        "reasons": [f"{d.code}: {d.text}" for d in outcome.decisions],
        "changes": [line for line in changes[2:] if outcome.after],
    }


def _rewritten(tree: Path, row: Row, text: str | None = None) -> Outcome:
    """The outcome of a row, or of another text in its place."""
    from slimify.pipeline import rewrite

    file = tree / row["dockerfile"]
    data = file.read_bytes() if text is None else text
    return rewrite(data, name=str(file), context=tree / row["context"], options=Options())


def table(rows: list[Row]) -> str:
    """Counts by language, outcome and rung, and the codes of what stayed as it was."""
    counts = collections.Counter((r["language"], r["outcome"], r["rung"]) for r in rows)
    lines = [
        f"{language:8} {outcome:10} {rung:10} {n:4}"
        for (language, outcome, rung), n in sorted(counts.items())
    ]
    stayed = [r for r in rows if r["outcome"] in ("unchanged", "refused") and r["codes"]]
    codes = collections.Counter((r["language"], r["outcome"], r["codes"][0]) for r in stayed)
    lines += ["", *(f"{a:8} {b:10} {code:10} {n:4}" for (a, b, code), n in sorted(codes.items()))]
    slow = sorted(rows, key=lambda r: -r.get("seconds", 0))[:3]
    total = sum(r.get("seconds", 0) for r in rows)
    return "\n".join(
        [*lines, "", f"{total:.1f} s of CPU; slowest: {[(r['row'], r.get('seconds')) for r in slow]}"]
    )


def changed(rows: list[Row], before: list[Row]) -> str:
    """The rows that came out otherwise in the run before."""
    old = {(r["repo"], r["commit"], r["dockerfile"]): r for r in before}
    lines = []
    for row in rows:
        was = old.get((row["repo"], row["commit"], row["dockerfile"]), {})
        if any(row.get(key) != was.get(key) for key in ("outcome", "rung", "after")):
            kinds = [f"{r.get('outcome')} {r.get('rung')}" for r in (was, row)]
            lines.append(f"{row['row']:3} {row['repo']} {row['dockerfile']}: {' -> '.join(kinds)}")
    return "\n".join([f"changed: {len(lines)}", *lines])


def restless(rows: list[Row]) -> str:
    """The new files that do not stay as they are when they are rewritten once more."""
    again = [r for r in rows if "again" in r]
    moved = [r for r in again if r["again"]["outcome"] != "unchanged"]
    lines = [f"second run: {len(again) - len(moved)} of {len(again)} stay as they are"]
    for row in moved:
        second = row["again"]
        lines.append(
            f"{row['row']:3} {row['repo']} {row['dockerfile']}: {row['rung']} -> {second['outcome']}"
        )
        lines += [f"      {line}" for line in second["changes"] or second["reasons"]]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=Path)
    parser.add_argument("trees", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with options.rows.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    jobs = [
        (number, row, options.trees, options.out, options.again)
        for number, row in enumerate(listed, 1)
        if options.only in "\t".join((str(number), *row.values()))
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(examine, jobs))
    (options.out / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(table(rows))
    if options.before:
        print(changed(rows, [json.loads(line) for line in options.before.read_text("utf-8").splitlines()]))
    if options.again:
        print(restless(rows))
    moved = any(row.get("again", {"outcome": "unchanged"})["outcome"] != "unchanged" for row in rows)
    return 1 if moved or any(row["outcome"] in FAULTS for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
