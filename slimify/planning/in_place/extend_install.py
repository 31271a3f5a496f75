"""Adds packages to a RUN that already installs packages for its build and removes them again.

One list is easier to read than two. And apk has only one group per name: a second `--virtual` of the same
name replaces the first, whose packages are then removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.effects import Action, Effect, SystemManager
from slimify.planning.in_place.runs import is_direct

_Spans = Mapping[tuple[int, int], str]
_GROUP = ".build-deps"


def group_name(program: Program) -> str:
    """An apk group name that no step uses."""
    taken = {e.subject for e in program.effects if e.kind == "packages" and e.subject}
    numbered = (f"{_GROUP}-{n}" for n in range(2, len(taken) + 3))
    return next(n for n in (_GROUP, *numbered) if n not in taken)


def extended_removal(step: Step, manager: str, names: Sequence[str], behind: int) -> _Spans | None:
    """The edit that makes a removal after the atom `behind` remove these packages, too; None without such a
    removal."""
    found = _full_removal(step, manager, behind)
    if found is None:
        return None
    last = found[1].packages[-1]
    return {last.span: " ".join((last.text, *names))}


def extended_install(
    step: Step, manager: str, texts: Sequence[str], names: Sequence[str], using: Sequence[int]
) -> _Spans | None:
    """The edit that adds the packages to an install before the atoms `using` and to a removal after them;
    None if the RUN has no such pair. `texts` are the names as the user wrote them."""
    if not using:
        return None
    found = _full_removal(step, manager, max(using))
    if found is None:
        return None
    gone = {p.name for p in found[1].packages}
    for atom in step.atoms[: min(using)]:
        for effect in atom.effects:
            if effect.sparing or not _is_plain(step, atom, effect, "packages", manager):
                continue
            last = effect.packages[-1]
            more = {last.span: " ".join((last.text, *texts))}
            if effect.subject:
                if effect.subject in gone:
                    return more
            elif {p.name for p in effect.packages} <= gone:
                return {**more, **(extended_removal(step, manager, names, max(using)) or {})}
    return None


def _full_removal(step: Step, manager: str, behind: int) -> tuple[AtomStep, Effect] | None:
    """The removal after an atom that also removes the dependencies of its packages."""
    for atom in step.atoms[behind + 1 :]:
        for effect in atom.effects:
            if not _is_plain(step, atom, effect, "unpackage", manager):
                continue
            later = (e for a in step.atoms[atom.index :] for e in a.effects)
            if manager == SystemManager.APK or any(e.action == Action.AUTOREMOVE for e in later):
                return atom, effect
            if {"--auto-remove", "--autoremove"} & _words(effect):
                return atom, effect
    return None


def _is_plain(step: Step, atom: AtomStep, effect: Effect, kind: str, manager: str) -> bool:
    return (
        effect.kind == kind
        and effect.manager == manager
        and bool(effect.packages)
        and all(p.name and p.span != (-1, -1) for p in effect.packages)
        and is_direct(step, atom, effect)
    )


def _words(effect: Effect) -> frozenset[str]:
    return frozenset(w.value or "" for w in effect.command.words)
