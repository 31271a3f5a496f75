"""A RUN that already installs packages for its build and removes them again takes further ones along.

One list is easier to read than two, and apk knows one group of a name only: a second `--virtual` of the
same name replaces the first, and what was in that goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.effects import Effect
from slimify.planning.in_place.runs import direct

_Spans = Mapping[tuple[int, int], str]
_GROUP = ".build-deps"


def group(program: Program) -> str:
    """A name for a group of apk's that no step uses."""
    taken = {e.action.rpartition(" ")[2] for s in program.steps for e in s.effects if "--virtual" in e.action}
    numbered = (f"{_GROUP}-{n}" for n in range(2, len(taken) + 3))
    return next(n for n in (_GROUP, *numbered) if n not in taken)


def removal(step: Step, manager: str, names: Sequence[str], behind: int) -> _Spans | None:
    """The edit that lets a removal behind the atom `behind` remove these packages, too; None without one."""
    found = _removal(step, manager, behind)
    if found is None:
        return None
    last = found[1].packages[-1]
    return {last.span: " ".join((last.text, *names))}


def installation(
    step: Step, manager: str, texts: Sequence[str], names: Sequence[str], using: Sequence[int]
) -> _Spans | None:
    """The edit that lets an install in front of the atoms `using` bring these packages, and a removal behind
    them take them away; None where the RUN has no such pair. `texts` are the names as the user wrote them."""
    if not using:
        return None
    found = _removal(step, manager, max(using))
    if found is None:
        return None
    gone = {p.name for p in found[1].packages}
    for atom in step.atoms[: min(using)]:
        for effect in atom.effects:
            sparing = "--no-install-recommends" in _words(effect)
            if sparing or not _plain(step, atom, effect, "packages", manager):
                continue
            last = effect.packages[-1]
            more = {last.span: " ".join((last.text, *texts))}
            if "--virtual" in effect.action:
                if effect.action.rpartition(" ")[2] in gone:
                    return more
            elif {p.name for p in effect.packages} <= gone:
                return {**more, **(removal(step, manager, names, max(using)) or {})}
    return None


def _removal(step: Step, manager: str, behind: int) -> tuple[AtomStep, Effect] | None:
    """The removal behind an atom that leaves nothing of what came along with its packages."""
    for atom in step.atoms[behind + 1 :]:
        for effect in atom.effects:
            if not _plain(step, atom, effect, "unpackage", manager):
                continue
            later = (e for a in step.atoms[atom.index :] for e in a.effects)
            if manager == "apk" or any(e.action == "autoremove" for e in later):
                return atom, effect
            if {"--auto-remove", "--autoremove"} & _words(effect):
                return atom, effect
    return None


def _plain(step: Step, atom: AtomStep, effect: Effect, kind: str, manager: str) -> bool:
    return (
        effect.kind == kind
        and effect.manager == manager
        and bool(effect.packages)
        and all(p.name and p.span != (-1, -1) for p in effect.packages)
        and direct(step, atom, effect)
    )


def _words(effect: Effect) -> frozenset[str]:
    return frozenset(w.value or "" for w in effect.command.words)
