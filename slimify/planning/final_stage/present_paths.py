"""Steps that the final stage repeats have there what they need: the directories that they change to or whose
owner they change; and where only the builder has the files that they delete, they have nothing to do.

The abstract machine executes the planned file. A path is absent if the user's file, or its base image, has it
before a command and the final stage does not have it before the same command.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root, is_standard_directory
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS_NOTHING, Effect
from slimify.model.plan import Plan
from slimify.planning.final_stage.instruction_text import is_cwd_independent
from slimify.planning.layout import Layout
from slimify.semantics.effects.state import State
from slimify.semantics.machine.content import content_at, is_directory
from slimify.semantics.machine.matches import repeated
from slimify.semantics.machine.stages import Event, Stage
from slimify.semantics.paths import inside, overlap
from slimify.syntax.dockerfile.parser import encode, parse


class _Command(Struct, frozen=True, kw_only=True):
    """A command of a RUN before and after planning. `lost` is a directory of the old base image, or ""."""

    before: Event
    old: Stage
    after: Event
    new: Stage
    lost: str

    def is_absent(self, path: str) -> bool:
        """Whether the new stage lacks a path that is there before the old command."""
        there = _is_there(self.old, self.before, path) or (self.lost and overlap(path, self.lost))
        return bool(there) and not is_standard_directory(path) and not _is_there(self.new, self.after, path)

    def is_copied(self) -> bool:
        """Whether it only makes links and directories that came with a copied tree: again it would fail."""
        made = [e for e in self.before.effects if e.kind not in INSTALLS_NOTHING]
        trees = {e.copy.target for e in self.new.events if e.copy is not None}
        return (
            bool(made)
            and all(
                e.tool in ("ln", "mkdir") and e.writes and not (e.deletes or e.writes_anywhere) for e in made
            )
            and all(w not in trees and self._has_made(w) for e in made for w in e.writes)
        )

    def _has_made(self, path: str) -> bool:
        return self.before.origin in content_at(self.new, path, self.after.number).origins

    def only_deletes_absent(self) -> bool:
        """Whether it only deletes files by name that the new stage does not have."""
        effects = self.before.effects
        deleted = [d.rstrip("*").rstrip("/") for e in effects for d in e.deletes]
        files = (e.kind == "files" and not (e.writes or e.outputs or e.writes_anywhere) for e in effects)
        return bool(deleted) and all(files) and not any(map(self._has_content, deleted))

    def _has_content(self, path: str) -> bool:
        """Whether the new stage has files at a path, or the old one has nothing there that a step made."""
        made = {e.origin for e in self.new.events if e.effects and not all(map(_is_empty, e.effects))}
        origins = content_at(self.new, path, self.after.number).origins
        filled = any(o in made or o.kind not in ("command", "directory") for o in origins)
        return filled or _is_copied(self.after, path) or not _is_there(self.old, self.before, path)


def _is_there(stage: Stage, event: Event, path: str) -> bool:
    """Whether a stage has something at a path before an event that a step made."""
    content = content_at(stage, path, event.number)
    known = path in event.state.view.directories or _is_copied(event, path)
    return not content.gone and (bool(content) or known)


def _is_copied(event: Event, path: str) -> bool:
    """Whether files of the context are at or below a path, or in a directory above that is not the base's."""
    targets = (c.target for c in event.state.view.copies)
    return any(
        inside(t, path) or (inside(path, t) and t != "/" and not is_standard_directory(t)) for t in targets
    )


def _is_empty(effect: Effect) -> bool:
    """Whether it makes at most empty directories."""
    return effect.tool == "mkdir" or effect.kind in ("users", "meta", "state")


def runnable(program: Program, layout: Layout, plan: Plan) -> Layout | Reason:
    """The layout without commands that only delete absent files, and without changes to absent directories
    that nothing depends on; other absent directories are created first. The reason (SL390) if one can't be.
    """
    stays = {i: atoms for i, atoms in layout.final.items() if i not in layout.replace}
    kept = [a for s in program.steps for a in s.atoms if a.index in stays.get(s.index, ())]
    if not any(_needs_paths(e) for a in kept for e in a.effects):
        return layout
    text = "".join(item.text for stage in plan.stages for item in stage.items)
    old, new = program.machine.final, program.executed(parse(encode(text))).final
    lost = (program.base.workdir or "") if program.base is not None and layout.rung != "same-base" else ""
    same = [e for e in old.events if e.effects and e.atom in stays.get(e.visit.index, ())]
    pairs = sorted(repeated(same, new.events), key=lambda pair: pair[0].number)
    final, prepend = dict(layout.final), dict(layout.prepend)
    for index, group in groupby(pairs, key=lambda pair: pair[0].visit.index):
        commands = [_Command(before=b, old=old, after=a, new=new, lost=lost) for b, a in group]
        if any(e.writes_anywhere for c in commands for e in c.before.effects):
            break
        left = [c for c in commands if not (c.only_deletes_absent() or c.is_copied())]
        entered, owned = _absent_directories(left)
        free = all(is_cwd_independent(e) for c in left for e in c.before.effects if e.tool != "cd")
        if entered and not owned and free:
            left = [c for c in left if any(e.tool != "cd" for e in c.before.effects)]
        elif entered or owned:
            needed = tuple(dict.fromkeys((*entered, *owned)))
            if not _can_create(commands[0].before, needed):
                return Reason.of("SL390", "only_in_builder", path=needed[0], rung=layout.rung)
            prepend[index] = f"mkdir -p {' '.join(map(shlex.quote, needed))}"
        if len(left) < len(commands) and {k for c in left for k in c.before.kinds} <= INSTALLS_NOTHING:
            del final[index]
        else:
            final[index] = final[index] - {c.before.atom for c in commands} | {c.before.atom for c in left}
    return replace(layout, final=final, prepend=prepend)


def _needs_paths(effect: Effect) -> bool:
    return effect.tool in ("cd", "ln", "mkdir") or effect.kind == "meta" or bool(effect.deletes)


def _absent_directories(commands: Sequence[_Command]) -> tuple[list[str], list[str]]:
    """The absent directories that commands of a RUN change to, and those whose owner they change."""
    entered: list[str] = []
    owned: list[str] = []
    before = ""
    for command in commands:
        for effect in command.before.effects:
            if before == "cd" and effect.cwd is not None and command.is_absent(effect.cwd):
                entered.append(effect.cwd)
            if effect.kind == "meta" and not effect.followed:
                own = (p for p in effect.writes if not set(p) & set("*?["))
                owned += [p for p in own if is_directory(command.old, p) and command.is_absent(p)]
            before = effect.tool
    return entered, owned


def _can_create(event: Event, paths: Sequence[str]) -> bool:
    """Whether a RUN can be given a command that creates the directories."""
    state: State = event.state
    allowed = is_plain_root(state.user) or (
        state.home is not None and all(inside(p, state.home) for p in paths)
    )
    return allowed and not event.visit.instruction.heredocs
