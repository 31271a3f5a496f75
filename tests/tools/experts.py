"""Holds `verify` against Dockerfiles that an expert wrote, and against harmful changes of them.

    python tests/tools/experts.py [--name N]... [--harmful] [--only KIND] [--format text|json]

Each directory of tests/tools/experts/ has an `expert.Dockerfile`, a `case.toml`, and the careless Dockerfile
with its context in `input/`, or the name of a golden case in `case.toml` that has both. An expert's file
must not break anything. With --harmful, each row of `[[harmful]]` is applied to it: `old` is replaced by
`new`, `why` states what that breaks, and `verify` has to find it. The exit code is 1 if a verdict is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from slimify.config import Options
from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions
from slimify.verify.model import Finding, Proof
from slimify.verify.probes import parse_table
from slimify.verify.proof_request import ProofRequest, proof_request
from slimify.verify.session import Session

EXPERTS = Path(__file__).with_name("experts")
_GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True)
class Change:
    """One harmful change of an expert's file."""

    kind: str
    why: str
    old: str
    new: str = ""


@dataclass(frozen=True)
class Expert:
    """A careless Dockerfile with its context, an expert's file for it, and harmful changes of that."""

    name: str
    context: Path
    text: str
    changes: tuple[Change, ...]
    probes: dict[str, Any]

    @property
    def request(self) -> ProofRequest:
        file = self.context / "Dockerfile"
        return proof_request(
            file.read_bytes(),
            name=str(file),
            context=self.context,
            options=Options(),
            probe=parse_table(self.probes),
            build=BuildOptions(timeout=900),
        )

    def changed(self, change: Change) -> str:
        if change.old not in self.text:
            raise ValueError(f"{self.name}: {change.old!r} is not in expert.Dockerfile")
        return self.text.replace(change.old, change.new)


@dataclass(frozen=True)
class Row:
    """What `verify` found in one file: the expert's own (`change` is None), or one with a harmful change."""

    expert: str
    change: Change | None
    proof: Proof
    seconds: float
    known: frozenset[str] = frozenset()  # what the expert's own file is said to break

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for check in self.proof.checks for f in check.findings if not f.accepted)

    @property
    def broken(self) -> frozenset[str]:
        return frozenset(f.text for f in self.findings if f.breaks)

    @property
    def right(self) -> bool:
        """A change that only keeps the file from being built proves nothing."""
        if not self.change:
            return self.proof.verdict == "equal"
        return bool(self.broken - self.known) and all(f.code != "SL501" for f in self.findings)


def experts(names: Sequence[str] = ()) -> list[Expert]:
    found = []
    for file in sorted(EXPERTS.glob("*/case.toml")):
        values = tomllib.loads(file.read_text("utf-8"))
        context = _GOLDEN / values["golden"] / "input" if "golden" in values else file.parent / "input"
        text = file.with_name("expert.Dockerfile").read_text("utf-8")
        changes = tuple(Change(**row) for row in values["harmful"])
        found.append(Expert(file.parent.name, context, text, changes, values.get("probes", {})))
    return [one for one in found if not names or one.name in names]


def rows(
    engine: Engine, expert: Expert, changes: Sequence[Change], sizes: dict[str, int] | None = None
) -> Iterator[Row]:
    """The expert's own file, then `changes`. Changed files are started only if their files and configuration
    show no break."""
    known: frozenset[str] = frozenset()
    with Session(engine, expert.request, sizes=sizes if sizes is not None else {}) as session:
        for change in (None, *changes):
            text = (expert.changed(change) if change else expert.text).encode()
            for start in (False, True) if change else (True,):
                began = time.monotonic()
                session.case = replace(session.case, start=start)
                proof = session.prove(text)
                row = Row(expert.name, change, proof, time.monotonic() - began, known)
                if change and row.right:
                    break
            known = known if change else row.broken
            yield row


def as_text(row: Row) -> Iterator[str]:
    what = row.change.kind if row.change else "the expert's file"
    yield (
        f"{'ok   ' if row.right else 'WRONG'} {row.expert}: {what}: {row.proof.verdict}"
        f" {row.proof.problem} ({row.seconds:.0f} s)"
    )
    for finding in row.findings:
        if not row.change or not row.right or finding.text in row.broken - row.known:
            yield f"      {finding.grade}: {finding.code} {finding.text[:300]}"


def summary(found: Sequence[Row]) -> dict[str, Any]:
    kinds = Counter((row.change.kind, row.right) for row in found if row.change)
    names = sorted({kind for kind, _ in kinds})
    own = [row for row in found if not row.change]
    return {
        "experts": len(own),
        "falsely breaks": {row.expert: sorted(row.broken) for row in own if not row.right},
        "may matter": [row.expert for row in own if any(f.grade == "may-matter" for f in row.findings)],
        "caught by kind": {
            name: f"{kinds[name, True]} of {kinds[name, True] + kinds[name, False]}" for name in names
        },
        "missed": [
            {"expert": row.expert, "kind": row.change.kind, "why": row.change.why}
            for row in found
            if row.change and not row.right
        ],
        "caught": sum(row.right for row in found if row.change),
        "harmful": sum(1 for row in found if row.change),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--harmful", action="store_true")
    parser.add_argument("--only", help="changes of this kind")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    found = []
    sizes: dict[str, int] = {}
    with detect() as engine:
        for expert in experts(options.name):
            changes = [one for one in expert.changes if options.only in (None, one.kind)]
            for row in rows(engine, expert, changes if options.harmful else (), sizes):
                found.append(row)
                if options.format == "text":
                    print("\n".join(as_text(row)), flush=True)
    print(json.dumps(summary(found), indent=None if options.format == "json" else 1))
    return int(not all(row.right for row in found))


if __name__ == "__main__":
    sys.exit(main())
