"""The reports of `verify` as a self-contained HTML page: both images side by side."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slimify.analyze.layers import readable_instruction
from slimify.model.outcome import Outcome
from slimify.report import proof as report
from slimify.report.diff import diff, marked
from slimify.report.markup import escaped, frame
from slimify.report.printable import masked
from slimify.report.text import name_of, size
from slimify.verify.model import Check, Finding, Proof, Sizes

_MOST = 50  # findings of one check that are shown
_GRADES = ("breaks", "may matter", "cosmetic", "accepted")


def page(results: Sequence[tuple[Outcome, Proof | None]]) -> str:
    """The page of all Dockerfiles. One without a proof has the reason."""
    from slimify.render import render_page as template

    verdicts = collections.Counter(_verdict(outcome, proof) for outcome, proof in results)
    if len(results) == 1:
        title = f"{name_of(results[0][0].file)}: {next(iter(verdicts))}"
    else:
        title = f"{len(results)} Dockerfiles: {', '.join(f'{n} {word}' for word, n in verdicts.items())}"
    values = {"title": title, "proofs": [_values(*result) for result in results]}
    return template("report/proof.html.j2", **frame("proof"), **escaped(values))


def _verdict(outcome: Outcome, proof: Proof | None) -> str:
    return outcome.kind if proof is None or outcome.error is not None else proof.verdict


def _values(outcome: Outcome, proof: Proof | None) -> Mapping[str, Any]:
    problems = [decision.text for decision in outcome.decisions] if proof is None else []
    if outcome.error is not None:
        problems = [outcome.error.message]
    verdict, texts = _verdict(outcome, proof), [("Diff", marked(diff(outcome)))]
    if proof is None:
        proof = Proof(file=outcome.file, verdict="not built")
    if proof.verdict != "equal" and proof.log:
        texts.append(("Log", [("", line) for line in masked(proof.log).rstrip().split("\n")]))
    checks = sorted(proof.checks, key=lambda check: not check.findings)
    found = [proof.problem, report.saving_note(proof), *outcome.warnings]
    return {
        "file": name_of(proof.file),
        "verdict": verdict,
        "gain": report.gain(proof),
        "problems": [masked(text) for text in (*problems, *found) if text],
        "figures": _figures(proof),
        "measured": report.rows(proof),
        "images": _images(proof),
        "groups": [
            (title, [_check(check) for check in checks if check.layer == layer])
            for layer, title in report.LAYERS.items()
            if any(check.layer == layer for check in checks)
        ],
        "scope": proof.scope,
        "rounds": [report.round_text(turn) for turn in proof.rounds],
        "settings": [line.strip() for line in report.setting_lines(proof.constraints)],
        "texts": [(title, lines) for title, lines in texts if lines],
    }


def _figures(proof: Proof) -> list[tuple[str, str, str]]:
    """Name, value and note of each figure: how many checks passed, and the differences by grade."""
    if not proof.checks:
        return []
    same = sum(not check.findings for check in proof.checks)
    grades = _graded(finding for check in proof.checks for finding in check.findings)
    notes = {
        "breaks": "needed, and gone or different",
        "may matter": "nothing shows that it is needed",
        "cosmetic": "no program can tell",
        "accepted": "a decision or setting explains it",
    }
    rows = [("Checks", f"{same} of {len(proof.checks)}", "without a difference")]
    return rows + [(grade.capitalize(), str(grades[grade]), note) for grade, note in notes.items()]


def _grade(finding: Finding) -> str:
    return "accepted" if finding.accepted else report.grade(finding)


def _graded(findings: Iterable[Finding]) -> collections.Counter[str]:
    return collections.Counter(map(_grade, findings))


def _check(check: Check) -> Mapping[str, Any]:
    grades = _graded(check.findings)
    found = sorted(check.findings, key=lambda finding: _GRADES.index(_grade(finding)))
    rows = [
        (_grade(f), f.code, masked(f.text), ", ".join(map(report.need, f.constraints))) for f in found[:_MOST]
    ]
    return {
        "name": check.name,
        "results": [(grade, grades[grade]) for grade in _GRADES if grades[grade]]
        or [("note" if check.note else "same", 1)],
        "detail": masked(check.detail),
        "findings": rows,
        "more": max(len(found) - _MOST, 0),
    }


def _images(proof: Proof) -> list[Mapping[str, Any]]:
    """Both images with their layers, on one scale."""
    if proof.before is None or proof.after is None:
        return []
    pair = (("Original", proof.before), ("Rewritten", proof.after))
    layers = [number for _, image in pair for _, number in image.layers]
    whole = max(sum(number for _, number in image.layers) for _, image in pair) or 1
    return [_image(label, image, whole, max(layers, default=0) or 1) for label, image in pair]


def _image(label: str, image: Sizes, whole: int, largest: int) -> Mapping[str, Any]:
    layers, start = [], 0
    for instruction, number in image.layers:
        layers.append(
            {
                "instruction": masked(readable_instruction(instruction)) or "(no instruction known)",
                "size": size(number),
                "start": f"{start * 100 / whole:.2f}",
                "width": f"{number * 100 / whole:.2f}",
                "bar": f"{number * 100 / largest:.2f}",
            }
        )
        start += number
    return {"label": label, "size": size(image.disk), "layers": layers}
