"""What came of a Dockerfile → the finding that `check` reports about it, if there is one."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.lint.place import Place
from slimify.model.decisions import Decision
from slimify.model.dockerfile import Instruction
from slimify.model.outcome import Estimate, Outcome

if TYPE_CHECKING:
    from slimify.verify.model import Proof

RULES = {"minimal": "SL300", "slim": "SL301", "same-base": "SL302", "cleanup": "SL303"}  # by rung
_LONGEST = 120  # characters of a difference that is told in passing


class Finding(Struct, frozen=True, kw_only=True):
    """A Dockerfile of which the image could be smaller: one a file, at the FROM of its last stage.

    `details` is all that the rewrite does, `known`: it is in the baseline.
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
    """One Dockerfile that was looked at. `command` shows the change, `remark` says why a rewrite does not
    count; `unproven`: it was to be measured, and could not be."""

    outcome: Outcome
    place: Place | None  # None for standard input
    command: str
    finding: Finding | None = None
    proof: Proof | None = None
    remark: str = ""
    unproven: bool = False


def checked(outcome: Outcome, place: Place | None, command: str, proof: Proof | None = None) -> Checked:
    """What `check` says about one outcome. With a proof only what was built and found equal counts, by
    what it saves then."""
    found = Checked(outcome=outcome, place=place, command=command, proof=proof)
    if outcome.error is not None or outcome.after is None:
        return found
    if proof is not None and (proof.verdict != "equal" or proof.small):
        return _not_counted(found, proof)
    return Checked(
        outcome=outcome, place=place, command=command, proof=proof, finding=_finding(outcome, place, proof)
    )


def _not_counted(found: Checked, proof: Proof) -> Checked:
    remarks = {
        "equal": "the measured saving is below --min-saving",
        "different": f"not proven, so that nothing is asked for: {difference(proof)}; "
        f"see slimify verify {found.outcome.file}",
        "not built": f"nothing was measured: {proof.problem}",
    }
    return Checked(
        outcome=found.outcome,
        place=found.place,
        command=found.command,
        proof=proof,
        remark=remarks[proof.verdict],
        unproven=proof.verdict == "not built",
    )


def difference(proof: Proof) -> str:
    """The first difference between two images, in one line."""
    texts = (f.text for check in proof.checks if not check.ok for f in check.findings if not f.accepted)
    text = " ".join(next(texts, "the images differ").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _finding(outcome: Outcome, place: Place | None, proof: Proof | None) -> Finding | None:
    """None where the Dockerfile silences what would be found."""
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
        fingerprint=fingerprint(place.path if place else outcome.file, first.value if first else ""),
        details=tuple(d for d in outcome.decisions if d is not said and d.safety != "advice"),
    )


def _from(outcome: Outcome) -> Instruction | None:
    """The instruction that says what the image starts from."""
    named = (verdict.instruction for verdict in reversed(outcome.instructions))
    return next((i for i in named if i.keyword == "FROM"), None)


def fingerprint(path: str, base: str) -> str:
    """What a finding is recognised by: the file and the image that it starts from, whatever release of it.

    Neither lines nor steps nor the rung count: the same Dockerfile with a package more is the same finding.
    """
    words = base.split()
    image = words[0].partition("@")[0] if words else ""
    head, slash, name = image.rpartition("/")
    image = head + slash + name.partition(":")[0]
    return hashlib.sha256(json.dumps(["slimmer", path, image]).encode()).hexdigest()[:32]
