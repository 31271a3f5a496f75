"""Turns the outcome for a Dockerfile into the finding that `check` reports."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.decisions import Decision
from slimify.model.dockerfile import Instruction
from slimify.model.outcome import Estimate, Outcome

if TYPE_CHECKING:
    from slimify.verify.model import Proof

RULES = {"minimal": "SL300", "slim": "SL301", "same-base": "SL302", "cleanup": "SL303"}  # by rung
_MAX_DIFFERENCE = 120  # characters of a difference in a remark


class Finding(Struct, frozen=True, kw_only=True):
    """A Dockerfile whose image could be smaller: one finding per file, at the FROM of the last stage.

    `details` are the decisions of the rewrite; `known` findings are in the baseline.
    """

    code: str
    line: int
    end_line: int
    text: str
    saving: int  # bytes
    original: int | None  # bytes
    measured: bool
    fingerprint: str
    details: tuple[Decision, ...] = ()
    known: bool = False


class Checked(Struct, frozen=True, kw_only=True):
    """One checked Dockerfile. `command` shows the change; `remark` explains why a rewrite does not count;
    `unproven`: building it was requested but failed."""

    outcome: Outcome
    place: str | None  # None for standard input
    command: str
    finding: Finding | None = None
    proof: Proof | None = None
    remark: str = ""
    unproven: bool = False


def checked(outcome: Outcome, place: str | None, command: str, proof: Proof | None = None) -> Checked:
    """The result of `check` for one outcome. With a proof, only an equal image counts, with its measured
    saving."""
    found = Checked(outcome=outcome, place=place, command=command, proof=proof)
    if outcome.error is not None or outcome.after is None:
        return found
    if proof is not None and (proof.verdict != "equal" or proof.saves_too_little):
        return _not_counted(found, proof)
    return replace(found, finding=_finding(outcome, place, proof))


def _not_counted(found: Checked, proof: Proof) -> Checked:
    remarks = {
        "equal": "the measured saving is below --min-saving",
        "different": f"not counted, because verification failed: {difference(proof)}; "
        f"see slimify verify {found.outcome.file}",
        "not built": f"not measured: {proof.problem}",
    }
    return replace(found, remark=remarks[proof.verdict], unproven=proof.verdict == "not built")


def difference(proof: Proof) -> str:
    """The first difference between two images, in one line."""
    texts = (f.text for check in proof.checks for f in check.findings if f.breaks)
    text = " ".join(next(texts, "the images differ").split())
    return text if len(text) <= _MAX_DIFFERENCE else f"{text[:_MAX_DIFFERENCE]} …"


def _finding(outcome: Outcome, place: str | None, proof: Proof | None) -> Finding | None:
    """The finding; None if the Dockerfile silences it."""
    code = RULES[outcome.rung]
    said = next((d for d in outcome.decisions if d.code == code), None)
    if said is None:
        return None
    first = _from(outcome)
    estimate = outcome.estimate
    if proof is not None and proof.before is not None and proof.after is not None:
        saving = proof.before.disk - proof.after.disk
        estimate = Estimate(original=proof.before.disk, saving=saving, measured=True)
    return Finding(
        code=code,
        line=first.line if first else 1,
        end_line=first.end_line if first else 1,
        text=said.text,
        saving=estimate.saving if estimate is not None else 0,
        original=estimate.original if estimate is not None else None,
        measured=estimate is not None and estimate.measured,
        fingerprint=fingerprint(place if place else outcome.file, first.value if first else ""),
        details=tuple(d for d in outcome.decisions if d is not said and d.safety != "advice"),
    )


def _from(outcome: Outcome) -> Instruction | None:
    """The FROM of the last stage."""
    named = (verdict.instruction for verdict in reversed(outcome.instructions))
    return next((i for i in named if i.keyword == "FROM"), None)


def fingerprint(path: str, base: str) -> str:
    """The identity of a finding: a checksum of the file path and its base image without tag.

    Fingerprints survive edits, new packages and version bumps.
    """
    words = base.split()
    image = words[0].partition("@")[0] if words else ""
    head, slash, name = image.rpartition("/")
    image = head + slash + name.partition(":")[0]
    return hashlib.sha256(json.dumps(["slimmer", path, image]).encode()).hexdigest()[:32]
