"""Advice on recommended packages. slimify can't tell whether the application relies on them, so it never
drops them."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analysis.program import Program, Step
from slimify.facts.carried import installed
from slimify.facts.recommends import recommended_packages
from slimify.model.decisions import Decision
from slimify.model.sizes import MB
from slimify.planning.in_place.edits import Edits

_MIN_BYTES = MB
_MAX_LISTED = 5  # are named


def recommended(program: Program) -> Edits:
    """Advice on installs that include recommended packages."""
    if any("Install-Recommends" in s.instruction.value for s in program.steps if s.keyword == "RUN"):
        return Edits()
    found = (text for step in program.steps for text in _advice(program, step))
    return Edits(decisions=tuple(dict.fromkeys(found)))


def _advice(program: Program, step: Step) -> Iterator[Decision]:
    installs = [e for e in step.effects if e.kind == "packages" and e.tool in ("apt", "apt-get")]
    if not installs or "no-install-recommends" in step.instruction.value:
        return
    base, gone = program.base, {p.name for e in step.effects if e.kind == "unpackage" for p in e.packages}
    there = installed(base, nearest=True) if base is not None else frozenset()
    own = {p.name for e in installs for p in e.packages if p.name} - gone - there
    more = recommended_packages(own, base.suite if base is not None else None)
    if not own or more == {}:
        return
    if more is None:
        yield Decision.of("SL355", "unknown", line=step.line, packages=tuple(sorted(own)))
    else:
        named = {p.name for e in program.effects for p in e.packages}
        left = {name: size for name, size in more.items() if name not in there | named}
        if sum(left.values()) < _MIN_BYTES:
            return
        shown = sorted(left, key=lambda name: (-left[name], name))
        size, rest = sum(left.values()), len(shown) - _MAX_LISTED
        if rest > 0:
            yield Decision.of(
                "SL355",
                "packages_more",
                line=step.line,
                packages=tuple(shown[:_MAX_LISTED]),
                more=rest,
                size=size,
            )
        else:
            yield Decision.of("SL355", "packages", line=step.line, packages=tuple(shown), size=size)
