"""Generates random projects and holds slimify's answer against what their programs need at run time.

    python tests/tools/projects.py --cases N [--seed S] [--language python|node|go] [--element NAME]
                                   [--build] [--jobs N]
                                   [--format text|json] [--keep DIRECTORY] [--show N] [--only SEED/NUMBER]

A case is a Dockerfile with its context, and a program that reports what it finds: files, programs, libraries,
packages, variables, its user. A simulation that shares no code with slimify builds and runs the old and the
new file in memory (tools/generator/), and the reports are compared. With --build an engine builds and runs
both as well, 2 to 20 seconds a case, which also shows where the simulation is wrong. --show reduces the
first N failures to the elements that they need, and prints them. --keep writes every failure as a directory
that can become a golden case. The exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.generator import elements  # noqa: F401
from tools.generator.built import examine_built
from tools.generator.project import Case, draw
from tools.generator.reduce import reduced, write_case
from tools.generator.static import Verdict, examine

LANGUAGES = ("python", "node", "go")


def cases(seed: str, count: int, languages: Sequence[str] = LANGUAGES, element: str = "") -> list[Case]:
    """The first cases of a seed; of those in which an element fits, if one is given."""
    drawn = (draw(f"{seed}/{n}", languages[n % len(languages)]) for n in range(1000 * count))
    fitting = (c for c in drawn if not element or (element in c.elements and element in c.project().applied))
    return list(itertools.islice(fitting, count))


def counts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """How many cases of each language had which outcome, and what was found."""
    outcomes = {}
    for language in LANGUAGES:
        own = [v for v in verdicts if v.case.language == language]
        rungs = Counter(v.rung if v.kind == "rewritten" else v.kind or "not examined" for v in own)
        outcomes[language] = {"cases": len(own), **dict(rungs.most_common())}
    stopped = Counter(c for v in verdicts if v.kind in ("refused", "unchanged") for c in v.codes)
    return {
        "outcomes": outcomes,
        "codes of refused and unchanged": dict(stopped.most_common()),
        "not examined": dict(Counter(v.gap.split("\n")[0][:150] for v in verdicts if v.gap).most_common()),
        "findings": dict(Counter(s for v in verdicts for s in {f.symptom for f in v.findings}).most_common()),
        "notes": dict(Counter(s for v in verdicts for s in {f.symptom for f in v.notes}).most_common()),
        "built": sum(v.built for v in verdicts),
        "failed": sum(v.failed for v in verdicts),
        "cases": len(verdicts),
    }


def as_text(found: dict[str, Any]) -> Iterator[str]:
    for language, row in found["outcomes"].items():
        if row["cases"]:
            yield f"{language}: " + ", ".join(f"{n} {name}" for name, n in row.items())
    for name in ("codes of refused and unchanged", "not examined", "findings", "notes"):
        yield f"{name}: " + (", ".join(f"{n} {key}" for key, n in found[name].items()) or "none")
    yield f"{found['failed']} of {found['cases']} cases failed, {found['built']} were built"


def _show(verdict: Verdict) -> None:
    print(f"=== {verdict.case.seed}: {' '.join(verdict.case.elements)} {verdict.gap}\n{verdict.before}")
    print(f"--- {verdict.kind} {verdict.rung} {' '.join(verdict.codes)}\n{verdict.after}")
    for finding in verdict.findings:
        print(f"!!! {finding.symptom}: {finding.detail}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--element", default="", help="only cases that have this one")
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", help="the seed of one case, as the output names it")
    return parser.parse_args()


def main() -> int:
    options = _options()
    look = examine_built if options.build else examine
    languages = (options.language,) if options.language else LANGUAGES
    if options.only:
        seed, _, number = options.only.rpartition("/")
        found = [look(cases(seed, int(number) + 1, languages)[-1])]
        _show(found[0])
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            found = list(
                pool.map(look, cases(options.seed, options.cases, languages, options.element), chunksize=8)
            )
    failures = [v for v in found if v.failed]
    for number, verdict in enumerate(failures):
        if number < options.show or options.keep:
            smaller = reduced(verdict, look)
            if number < options.show:
                _show(smaller)
            if options.keep:
                write_case(smaller, options.keep)
    result = counts(found)
    print(json.dumps(result) if options.format == "json" else "\n".join(as_text(result)))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
