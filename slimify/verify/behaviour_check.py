"""The check of one thing that both images were asked."""

from __future__ import annotations

from slimify.verify.model import Check, Finding
from slimify.verify.probes import Probe


def behaviour_check(
    name: str, code: str, wrong: str, detail: str, probe: Probe | None = None, *, original: bool = False
) -> Check:
    """`wrong`: how they differ, "" for not at all; then `detail` says what was seen. A difference that the
    probe accepts by its name is none. `original`: the original itself is not as the user demands."""
    if not wrong:
        return Check(name=name, layer="behaviour", ok=True, detail=detail)
    accepted = probe is not None and name in probe.accept
    finding = Finding(code=code, text=wrong, accepted=accepted, original=original)
    return Check(name=name, layer="behaviour", ok=accepted, detail=wrong, findings=(finding,))
