"""Advice on packages that apt only recommends: whether something misses them shows when it runs."""

from __future__ import annotations

from slimify.classify.program import Program
from slimify.model import Decision
from slimify.strategies.inplace.edits import Edits


def recommended(program: Program) -> Edits:
    """The installs that bring what Debian recommends, too."""
    if "Install-Recommends" in _texts(program):
        return Edits()
    found = []
    for step in program.steps:
        installs = [e for e in step.effects if e.kind == "packages" and e.tool in ("apt", "apt-get")]
        if not installs or "no-install-recommends" in step.instruction.value:
            continue
        gone = {p.name for e in step.effects if e.kind == "unpackage" for p in e.packages}
        for effect in installs:
            names = [p.name for p in effect.packages if p.name and p.name not in gone]
            if names:
                text = (
                    f"--no-install-recommends would leave out what {', '.join(names)} only recommend"
                    f"{'s' * (len(names) == 1)}: try it with `verify`"
                )
                found.append(Decision(code="SL355", safety="advice", text=text, line=step.line))
    return Edits(decisions=tuple(dict.fromkeys(found)))


def _texts(program: Program) -> str:
    return "\n".join(s.instruction.value for s in program.steps if s.keyword == "RUN")
