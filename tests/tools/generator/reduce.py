"""Makes a failing case smaller: fewer elements, the same symptom."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tools.generator.project import ELEMENTS, GROUPS, Case
from tools.generator.static import Verdict

Examine = Callable[[Case], Verdict]


def reduced(verdict: Verdict, examine: Examine) -> Verdict:
    """The smallest case with the first symptom of this one, found by dropping and simplifying elements."""
    symptom = verdict.findings[0].symptom
    best = verdict
    again = True
    while again:
        again = False
        for case in _smaller(best.case):
            found = examine(case)
            if any(f.symptom == symptom for f in found.findings):
                best, again = found, True
                break
    return best


def _smaller(case: Case) -> list[Case]:
    names = case.elements
    groups = [ELEMENTS[n].group for n in names]
    spare = [n for n, group in enumerate(groups) if groups.count(group) > GROUPS[group][0]]
    found = [replace(case, elements=(*names[:n], *names[n + 1 :])) for n in spare]
    for number, name in enumerate(names):
        group = ELEMENTS[name].group
        options = [e.name for e in ELEMENTS.values() if e.group == group and case.language in e.languages]
        if GROUPS[group][0] and options[0] != name:
            found.append(replace(case, elements=(*names[:number], options[0], *names[number + 1 :])))
    return found


def write_case(verdict: Verdict, directory: Path) -> Path:
    """Writes a reduced case as a directory that can become a golden one."""
    name = f"{verdict.case.language}-{verdict.case.seed.replace('/', '-')}"
    place = directory / name
    place.mkdir(parents=True)
    verdict.case.project().write(place / "input")
    what = verdict.findings[0]
    lines = [
        f"title = {json.dumps(f'{what.symptom}: {what.detail.splitlines()[0][:120]}')}",
        'outcome = "rewritten"',
        f'language = "{verdict.case.language}"',
        "codes = []",
        f"# elements: {' '.join(verdict.case.elements)}",
    ]
    (place / "case.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return place
