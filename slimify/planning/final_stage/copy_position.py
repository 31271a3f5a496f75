"""Where a directory of the project is copied if a step of the final stage starts a program in it.

`npx playwright install` stands behind the install and in front of the build: it finds its package only if
the project is there by then, else npx fetches another release of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slimify.analysis.copies import copy_targets
from slimify.analysis.program import Program, Step
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import touches


def before_first_use(
    program: Program, trees: Iterable[CopyFromBuilder]
) -> tuple[tuple[CopyFromBuilder, ...], Reason | None]:
    """The trees, each placed before the first step that needs it; and why one can't be, or None."""
    placed: list[CopyFromBuilder] = []
    for tree in trees:
        users = [s for s in program.steps if s.index < tree.after and _needs(s, tree)]
        if users:
            between = (s for s in program.steps if users[0].index < s.index <= tree.after)
            changed = next((s for s in between if _changes(s, tree)), None)
            if changed is not None:
                at, path = users[0].line, tree.path
                why = Reason.of("SL392", "needed_changed", at=at, path=path, changed_at=changed.line)
                return (), why
            tree = replace(tree, after=users[0].index)
        placed.append(tree)
    return tuple(placed), None


def starts_installed(effect: Effect) -> bool:
    """Whether a command is a program of the installed packages: downloads for run time, with what they need
    of the system."""
    return (effect.kind == "fetch" and bool(effect.ecosystem)) or effect.action == "install-deps"


def _needs(step: Step, tree: CopyFromBuilder) -> bool:
    return any(
        a.role != "build" and any(starts_installed(e) and touches(e.cwd or "/", tree.path) for e in a.effects)
        for a in step.atoms
    )


def _changes(step: Step, tree: CopyFromBuilder) -> bool:
    """Whether the final stage changes something in the tree by this step."""
    if step.keyword in ("COPY", "ADD") and step.role != "build":
        places = copy_targets(step.visit)
        return places is None or any(touches(p, tree.path) for p in places)
    effects = [e for a in step.atoms if a.role != "build" for e in a.effects if not starts_installed(e)]
    return any(
        e.writes_anywhere or any(touches(p, tree.path) for p in (*e.writes, *e.deletes)) for e in effects
    )
