"""The position of a copied directory where a step of the final stage works on it.

`npx playwright install` comes after the install and before the build. It needs the project's package;
without it, npx fetches another release. `chown -R` works on the directory itself, not on what is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.model.decisions import Reason
from slimify.model.effects import (
    BUILDS,
    CHANGES_FILES,
    CHANGES_SYSTEM_STATE,
    INSTALLS_NOTHING,
    Action,
    Effect,
)
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import overlap
from slimify.syntax.dockerfile.instructions import copy_parts

WITHOUT_COPIES = INSTALLS_NOTHING | CHANGES_SYSTEM_STATE | {"packages"}
"""Kinds of commands that need no artifact of the build."""


def positioned_copies(
    program: Program, copies: Iterable[CopyFromBuilder]
) -> tuple[tuple[CopyFromBuilder, ...], Reason | None]:
    """The copies, each before the first step that needs it, and the reason (SL392) why one can't be."""
    placed: list[CopyFromBuilder] = []
    for copy in copies:
        users = [s for s in program.steps if s.index < copy.after and _needs_copy(s, copy)]
        if users:
            between = (s for s in program.steps if users[0].index < s.index <= copy.after)
            changed = next((s for s in between if _changes_copy(s, copy)), None)
            if changed is not None:
                at, path = users[0].line, copy.path
                why = Reason.of("SL392", "needed_changed", at=at, path=path, changed_at=changed.line)
                return (), why
            copy = replace(copy, after=users[0].index)
        placed.append(copy)
    return tuple(placed), None


def runs_installed_program(effect: Effect) -> bool:
    """Whether it runs a program of installed packages that downloads files for run time (playwright)."""
    return (effect.kind == "fetch" and bool(effect.ecosystem)) or effect.action == Action.INSTALL_DEPS


def _needs_copy(step: Step, copy: CopyFromBuilder) -> bool:
    return any(runs_installed_program(e) and overlap(e.cwd or "/", copy.path) for e in step.final_effects)


def _changes_copy(step: Step, copy: CopyFromBuilder) -> bool:
    """Whether this step changes something in the copied directory in the final stage."""
    if step.keyword in ("COPY", "ADD") and step.role != "build":
        places = step.visit.copy_targets
        return places is None or any(overlap(p, copy.path) for p in places)
    changing = (e for e in step.final_effects if not runs_installed_program(e))
    return any(
        e.writes_anywhere or any(overlap(p, copy.path) for p in (*e.writes, *e.deletes)) for e in changing
    )


def behind_sources(
    program: Program, copies: Iterable[CopyFromBuilder], final: Mapping[int, frozenset[int]]
) -> tuple[CopyFromBuilder, ...]:
    """The copies, each behind a COPY of the final stage that may bring the same path from the build context
    of another checkout, where the builder makes it anew after that: `uv sync` repairs the environment of a
    developer's machine."""
    placed = []
    for copy in copies:
        made = max((s.index for s in program.steps if _makes(s.effects, copy.path)), default=-1)
        brought = [
            s.index
            for s in program.steps
            if copy.after <= s.index < made and s.index in final and _may_bring(s, copy.path)
        ]
        placed.append(replace(copy, after=brought[-1], behind=True) if brought else copy)
    return tuple(placed)


def _makes(effects: Iterable[Effect], path: str) -> bool:
    """Whether a build or an install makes all that is at a path."""
    return any(e.kind in BUILDS and path in (*e.writes, *e.outputs) for e in effects)


def _may_bring(step: Step, path: str) -> bool:
    copy = step.visit.copy
    return copy is not None and not copy_parts(step.instruction).from_stage and copy.view.may_bring(path)


def behind_attributes(
    program: Program, copies: Iterable[CopyFromBuilder], final: Mapping[int, frozenset[int]]
) -> tuple[CopyFromBuilder, ...]:
    """The copies, each directory behind the last command of the final stage that sets the owner or mode of
    all that is in it, which the builder executes, too: what later steps made keeps its own, and no file is
    stored twice."""
    effects = {
        step.index: [
            e for a in step.atoms if a.index in final[step.index] and a.role != "build" for e in a.effects
        ]
        for step in program.steps
        if step.keyword == "RUN" and step.index in final
    }
    return tuple(copy if copy.is_file else _behind_attributes(program, copy, effects) for copy in copies)


def _behind_attributes(
    program: Program, copy: CopyFromBuilder, effects: Mapping[int, list[Effect]]
) -> CopyFromBuilder:
    last = max((i for i, own in effects.items() if any(_sets_all(e, copy) for e in own)), default=-1)
    between = [s for s in program.steps if copy.after <= s.index <= last]
    needed = (e for s in between for e in effects.get(s.index, ()) if e.kind not in WITHOUT_COPIES)
    if not between or any(s.keyword != "RUN" and _changes_copy(s, copy) for s in between):
        return copy
    if not all(_sets_all(e, copy) or touches_no_copy(e, (copy,)) for e in needed):
        return copy
    return replace(copy, after=last, behind=True)


def _sets_all(effect: Effect, copy: CopyFromBuilder) -> bool:
    return effect.kind == "meta" and effect.recursive and copy.path in effect.writes


def touches_no_copy(effect: Effect, copies: Iterable[CopyFromBuilder]) -> bool:
    """Whether a command works on files only, none of them copied from the builder."""
    paths = (*effect.reads, *effect.writes, *effect.deletes, *effect.outputs)
    if effect.kind not in CHANGES_FILES or effect.writes_anywhere or not paths:
        return False
    return not any(overlap(path, copy.path) for path in paths for copy in copies)
