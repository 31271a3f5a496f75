"""The position of a copied project directory if a step of the final stage runs a program in it.

`npx playwright install` comes after the install and before the build. It needs the project's package;
without it, npx fetches another release.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import overlap


def positioned_copies(
    program: Program, copies: Iterable[CopyFromBuilder]
) -> tuple[tuple[CopyFromBuilder, ...], Reason | None]:
    """The copies, each placed before the first step that needs it, and the reason (SL392) why one can't be,
    or None."""
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
    """Whether a command runs a program of the installed packages that downloads files for run time
    (playwright)."""
    return (effect.kind == "fetch" and bool(effect.ecosystem)) or effect.action == Action.INSTALL_DEPS


def _needs_copy(step: Step, copy: CopyFromBuilder) -> bool:
    return any(
        a.role != "build"
        and any(runs_installed_program(e) and overlap(e.cwd or "/", copy.path) for e in a.effects)
        for a in step.atoms
    )


def _changes_copy(step: Step, copy: CopyFromBuilder) -> bool:
    """Whether this step changes something in the copied directory in the final stage."""
    if step.keyword in ("COPY", "ADD") and step.role != "build":
        places = step.visit.copy_targets
        return places is None or any(overlap(p, copy.path) for p in places)
    effects = [e for a in step.atoms if a.role != "build" for e in a.effects if not runs_installed_program(e)]
    return any(
        e.writes_anywhere or any(overlap(p, copy.path) for p in (*e.writes, *e.deletes)) for e in effects
    )
