"""Breaks rewritten Dockerfiles in every way it knows, and counts how many the static validation rejects.

    python tests/tools/mutants.py [--kind K] [--cases NAME…] [--seed N] [--limit N] [--jobs N]
                                  [--format text|json] [--misses [N]]

Every golden case that slimify rewrites, and every context of `mutations/contexts.py`, is rewritten with its
own options and with some others; each result is broken by each kind of mutation. A kind yields only mutants
that are harmful: its guards read the Dockerfile and the context. The exit code is 1 if validation rejects a
golden result, or less than 99 % of the mutants of a kind. --misses shows N (10) of each kind that it accepts,
as diffs.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import random
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support import GOLDEN, context_with, invoke
from tools.mutations import KINDS, Subject, contexts

from slimify.model.errors import SlimifyError
from slimify.model.plan import Item, Plan, Stage
from slimify.syntax.dockerfile.instructions import from_parts, split_stages
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.validation import validate

REQUIRED = 0.99
LIMIT = 2  # mutants of a kind for one file
# Options with which every case is rewritten once more: other bases and stages.
VARIANTS: dict[str, tuple[str, ...]] = {
    "": (),
    "+same": ("--base", "same", "--min-saving", "0"),
    "+single": ("--single-stage", "--min-saving", "0"),
}
Problems = Callable[..., Sequence[object]]


@dataclass(frozen=True)
class Mutant:
    kind: str
    case: str
    change: str
    caught: bool
    reasons: str
    diff: str


@dataclass
class Tally:
    mutants: list[Mutant] = field(default_factory=list)
    subjects: int = 0
    rejected: list[str] = field(default_factory=list)  # results that validation should accept

    def rate(self, kind: str) -> float:
        rows = [m for m in self.mutants if m.kind == kind]
        return sum(m.caught for m in rows) / len(rows) if rows else 1.0

    @property
    def failed(self) -> bool:
        return bool(self.rejected) or any(self.rate(m.kind) < REQUIRED for m in self.mutants)


def problems_of(subject: Subject, text: str, problems: Problems) -> Sequence[object]:
    """What validation has against a text in place of the subject's. This is the only call of it."""
    own = {line.strip() for line in subject.text.splitlines() if line.lstrip().startswith("#")}
    return problems(subject.program, _plan_for(subject, text), text, subject.original, frozenset(own))


def _plan_for(subject: Subject, text: str) -> Plan:
    """The plan with the stages and instructions of the text, so that counting them shows nothing."""
    try:
        stages = split_stages(parse(encode(text), subject.program.name))
    except SlimifyError:
        return subject.plan
    origins = {i.text.strip(): i for stage in subject.plan.stages for i in stage.items}
    new = []
    for number, stage in enumerate(stages):
        old = subject.plan.stages[min(number, len(subject.plan.stages) - 1)]
        items = tuple(origins.get(x.raw.strip()) or Item(text=x.raw.rstrip("\r\n")) for x in stage)
        parts = from_parts(stage[0])
        new.append(Stage(name=parts.alias or "", base=parts.image, purpose=old.purpose, items=items))
    return replace(subject.plan, stages=tuple(new))


def subjects(directory: Path, variants: Sequence[str] = ("",)) -> Iterator[Subject]:
    """The rewrites of a golden case that validation accepted."""
    case = tomllib.loads((directory / "case.toml").read_text("utf-8"))
    if case.get("builder") or case["outcome"] == "failed":
        return
    context = directory / "input"
    if case.get("media"):
        context = context_with(context, tuple(case["media"].items()))
    seen = set()
    for variant in variants:
        if variant == "" and case["outcome"] != "rewritten":
            continue
        options = VARIANTS[variant] if variant else tuple(case.get("args", ()))
        expected = directory / "expected.Dockerfile"
        wanted = expected.read_bytes() if variant == "" and expected.exists() else b""
        for found in _recorded(str(context / case.get("file", "Dockerfile")), str(context), options, wanted):
            if found[2] not in seen:
                seen.add(found[2])
                yield Subject(directory.name + variant, *found)


def _recorded(file: str, context: str, options: Sequence[str], expected: bytes) -> list[tuple[Any, ...]]:
    """Program, plan, text and original that validation was asked about in one run, and accepted or should
    have accepted."""
    found: list[tuple[Any, ...]] = []
    real = validate.problems

    def recording(*args: Any) -> Any:
        answer = real(*args)
        if not answer or encode(args[2]) == expected:
            found.append(args[:4])
        return answer

    validate.problems = recording
    try:
        invoke("rewrite", file, "--context", context, "--format", "json", *options)
    finally:
        validate.problems = real
    return found


def examine(
    directory: Path,
    *,
    kinds: Sequence[str] = (),
    seed: int = 0,
    limit: int = LIMIT,
    variants: Sequence[str] = ("",),
    problems: Problems | None = None,
) -> Tally:
    """The mutants of one golden case."""
    tally = Tally()
    check = problems or validate.problems
    for subject in subjects(directory, variants):
        tally.subjects += 1
        if problems_of(subject, subject.text, check):
            tally.rejected.append(subject.name)
        for name in kinds or KINDS:
            changes = _distinct(subject, name)
            # the same case with other options is much the same
            most = 1 if "+" in subject.name else limit
            if len(changes) > most:
                changes = random.Random(f"{seed}/{name}/{subject.name}").sample(changes, most)
            for change, text in changes:
                tally.mutants.append(_mutant(subject, name, change, text, check))
    return tally


def _distinct(subject: Subject, name: str) -> list[tuple[str, str]]:
    texts = {subject.text}
    found = []
    for change, text in KINDS[name].mutate(subject):
        if text not in texts:
            texts.add(text)
            found.append((change, text))
    return found


def _mutant(subject: Subject, kind: str, change: str, text: str, check: Problems) -> Mutant:
    try:
        reasons = problems_of(subject, text, check)
        caught, said = bool(reasons), "; ".join(str(getattr(r, "text", r)) for r in reasons[:2])
    except Exception as error:
        caught, said = False, f"{type(error).__name__}: {error}"
    lines = difflib.unified_diff(
        subject.text.splitlines(), text.splitlines(), subject.name, f"{kind}: {change}", lineterm="", n=1
    )
    diff = "" if caught else "\n".join(lines)
    return Mutant(kind, subject.name, " ".join(change.split()), caught, said, diff)


def run(names: Sequence[str] = (), jobs: int = 1, **options: Any) -> Tally:
    """The mutants of all golden cases, or of those whose names begin like one of these."""
    work = partial(examine, **options)
    total = Tally()
    with contextlib.ExitStack() as stack:
        own = contexts.write(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        cases = [*(path.parent for path in sorted(GOLDEN.glob("*/case.toml"))), *own]
        cases = [c for c in cases if not names or c.name.startswith(tuple(names))]
        pool = stack.enter_context(ProcessPoolExecutor(jobs)) if jobs > 1 else None
        for tally in pool.map(work, cases, chunksize=4) if pool is not None else map(work, cases):
            total.mutants += tally.mutants
            total.subjects += tally.subjects
            total.rejected += tally.rejected
    return total


def table(tally: Tally) -> str:
    """One line for each kind, worst first."""
    rows = []
    for name, kind in KINDS.items():
        found = [m for m in tally.mutants if m.kind == name]
        if found:
            caught = sum(m.caught for m in found)
            rows.append((caught / len(found), name, len(found), caught, kind.harm))
    lines = [f"{'kind':32} {'mutants':>7} {'caught':>7} {'missed':>7}    rate  harm"]
    lines += [
        f"{name:32} {n:7} {caught:7} {n - caught:7} {rate:7.1%}  {harm}"
        for rate, name, n, caught, harm in sorted(rows)
    ]
    n, caught = len(tally.mutants), sum(m.caught for m in tally.mutants)
    lines.append(f"{f'{len(rows)} kinds':32} {n:7} {caught:7} {n - caught:7} {caught / max(n, 1):7.1%}")
    lines.append(f"{tally.subjects} accepted results, {len(tally.rejected)} of them rejected unchanged")
    return "\n".join([*lines, *(f"  rejected: {name}" for name in tally.rejected)])


def misses(tally: Tally, most: int) -> str:
    """Accepted mutants as diffs, up to `most` of each kind: one of each case first."""
    found = []
    for name in KINDS if most else ():
        rows = [m for m in tally.mutants if m.kind == name and not m.caught]
        first = {m.case.partition("+")[0]: m for m in reversed(rows)}
        rows = [*first.values(), *(m for m in rows if m not in first.values())]
        found += [f"{m.diff}\n" + (f"  ({m.reasons})\n" if m.reasons else "") for m in rows[:most]]
    return "\n".join([*found, ""])


def as_json(tally: Tally) -> str:
    kinds = {
        name: {
            "harm": kind.harm,
            "mutants": sum(m.kind == name for m in tally.mutants),
            "caught": sum(m.kind == name and m.caught for m in tally.mutants),
        }
        for name, kind in KINDS.items()
    }
    misses = [vars(m) for m in tally.mutants if not m.caught]
    document = {"subjects": tally.subjects, "rejected": tally.rejected, "kinds": kinds, "misses": misses}
    return json.dumps(document, indent=1)


def main() -> int:
    summary, _, details = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=summary + details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", action="append", default=[], choices=list(KINDS), metavar="K")
    parser.add_argument("--cases", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=LIMIT, help="mutants of a kind for one file")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--misses", type=int, nargs="?", const=10, default=0, metavar="N")
    options = parser.parse_args()
    tally = run(
        options.cases,
        options.jobs,
        kinds=options.kind,
        seed=options.seed,
        limit=options.limit,
        variants=tuple(VARIANTS),
    )
    if options.format == "json":
        print(as_json(tally))
    else:
        print(misses(tally, options.misses) + table(tally))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
