"""Development groups that a step of the build needs, such as tests: removed at the end of the builder.

The project is installed once more, by the user's own command with options that leave them out. That is only
done in an environment that nothing but the project's own installs write to: it loses all else.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from msgspec import Struct

from slimify.analysis.program import Program
from slimify.languages.python import LANGUAGE
from slimify.languages.python.planning.development import (
    Install,
    ProjectInstalls,
    exact_install,
    leaving_out,
    project_installs,
    unclear_install,
)
from slimify.languages.python.planning.development_uses import use_at_run_time, use_by_step
from slimify.model.decisions import Decision
from slimify.model.effects import INSTALLS
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside, is_named_place


class GroupRemoval(Struct, frozen=True, kw_only=True):
    """Instructions for the end of the builder, their decisions, and the removed bytes."""

    tail: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    size: int = 0


def without_groups(program: Program, copies: Iterable[CopyFromBuilder]) -> GroupRemoval:
    """The removal of the development groups that only steps use."""
    copied = [copy.path for copy in copies]
    tail: list[str] = []
    decisions: list[Decision] = []
    size = 0
    for found in project_installs(program):
        if use_at_run_time(program, found.names, found.effects, locked=found.locked):
            continue
        used = use_by_step(program, found.names, found.effects)
        command = _command(program, found, copied) if used is not None else ""
        if command:
            line, count = found.installs[0].step.line, len(found.names)
            tail.append(f"RUN {command}")
            decisions.append(Decision.of("SL312", "pruned", line=line, count=count))
            size += found.saving
        elif used is not None:
            decisions.append(found.kept(used))
    return GroupRemoval(tail=tuple(tail), decisions=tuple(decisions), size=size)


def _command(program: Program, found: ProjectInstalls, copied: Iterable[str]) -> str:
    """The command that removes the groups of a project; "" if it could do more, or fail."""
    plain = [i for i in found.installs if unclear_install(i) is None]
    last = plain[-1] if plain else None
    state = _last_state(program)
    if last is None or state is None or not _brings_everything(found, plain):
        return ""
    effect = last.effect
    exact, option = exact_install(program, effect), leaving_out(program, found.project, effect)
    words = [word.text for word in effect.command.words]
    alone = not effect.command.assigns and words[1:2] == [effect.action]
    places = {path for e in found.effects for path in e.writes}
    if not (exact and option and alone) or not _has_own_environment(program, found, places, copied):
        return ""
    verb, *options = exact.split()
    more = [w for w in words[2:] if w not in options]
    command = " ".join((words[0], verb, *more, *options, option))
    made = [e for atom in interpreted(command, state).effects for e in atom]
    same = [(e.kind, e.dev, {*e.writes} <= places, e.cwd) for e in made] == [
        ("install", False, True, effect.cwd)
    ]
    there = all(state.view.context_path(path) is not None for path in effect.manifests)
    return command if same and there and state.user == last.step.state.user else ""


def _last_state(program: Program) -> State | None:
    """The state in which a command at the end of the builder is executed."""
    steps = [s for s in program.steps if s.keyword == "RUN" and s.role in ("build", "both")]
    return steps[-1].state if steps else None


def _brings_everything(found: ProjectInstalls, plain: list[Install]) -> bool:
    """Whether the last install of a project brings what the others do: the project itself, and its extras."""
    last = plain[-1].effect
    own = all(bool(e.reads) <= bool(last.reads) for e in found.effects)
    extras = [{w.text for w in i.effect.command.words if "extra" in w.text or w.text == "-E"} for i in plain]
    return own and all(asked == extras[-1] for asked in extras)


def _has_own_environment(
    program: Program, found: ProjectInstalls, places: set[str], copied: Iterable[str]
) -> bool:
    """Whether the installs write to an environment that is copied, and that no other install writes to."""
    others = (e for e in program.effects if e.kind in INSTALLS and e not in found.effects)
    others = (e for e in others if not (e.does("install", LANGUAGE.name) and e.action == "venv"))
    if any(is_named_place(path) or posixpath.dirname(path) == "/" for path in places):
        return False
    if any(
        inside(path, place) or inside(place, path) for e in others for path in e.writes for place in places
    ):
        return False
    return all(any(inside(place, path) for path in copied) for place in places)
