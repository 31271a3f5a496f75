"""Builds the check of one behaviour of both images."""

from __future__ import annotations

from slimify.verify.model import Check, Finding, Grade
from slimify.verify.probes import Probe


def behaviour_check(
    name: str,
    code: str,
    wrong: str,
    detail: str,
    probe: Probe | None = None,
    *,
    original: bool = False,
    grade: Grade = "breaks",
) -> Check:
    """A check of the layer "behaviour". `wrong` is the difference ("" if there is none; then `detail` states
    what was observed). The probe may accept the difference by name. `original` marks a failure of the
    original itself."""
    if not wrong:
        return Check(name=name, layer="behaviour", detail=detail)
    accepted = probe is not None and name in probe.accept
    finding = Finding(code=code, text=wrong, accepted=accepted, original=original, grade=grade)
    return Check(name=name, layer="behaviour", detail=wrong, findings=(finding,))
