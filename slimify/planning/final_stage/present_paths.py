"""Steps that the final stage repeats have there what they need: the directories that they change to or whose
owner they change; and where only the builder has the files that they delete, they have nothing to do.

The abstract machine executes the planned file. A path is absent if the user's file, or its base image, has it
before a command and the final stage does not have it before the same command.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from functools import cached_property
from itertools import dropwhile, groupby

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root, is_shared_directory, is_standard_directory
from slimify.model.decisions import Reason
from slimify.model.effects import ADDS_FILES, INSTALLS_NOTHING, Effect
from slimify.model.plan import Plan
from slimify.planning.final_stage.instruction_text import is_cwd_independent
from slimify.planning.layout import Layout
from slimify.semantics.machine.content import content_at, is_directory
from slimify.semantics.machine.matches import repeated
from slimify.semantics.machine.stages import Event, Origin, Stage
from slimify.semantics.paths import inside, is_glob, overlap
from slimify.syntax.dockerfile.parser import encode, parse

_Command = tuple[Event, Event]  # of a RUN, before and after planning


class _Stages(Struct, frozen=True, dict=True, kw_only=True):
    """The user's stage and the final one. `lost` is a directory of the old base image, or ""."""

    old: Stage
    new: Stage
    lost: str

    @cached_property
    def empty(self) -> frozenset[Origin | None]:
        """The commands of the final stage that make at most empty directories."""
        return frozenset(e.origin for e in self.new.events if all(map(_is_empty, e.effects)))

    def is_absent(self, command: _Command, path: str) -> bool:
        """Whether the final stage lacks a path that is there before the old command."""
        before, after = command
        there = (self.lost and overlap(path, self.lost)) or _is_there(self.old, before, path)
        return bool(there) and not is_standard_directory(path) and not _is_found(self.new, after, path)

    def is_needless(self, command: _Command) -> bool:
        """Whether it only deletes files by name that the final stage does not have, or only makes links and
        directories that came with a copied tree: again it would fail."""
        effects, number = command[0].effects, command[1].number
        deleted = [d.rstrip("*").rstrip("/") for e in effects for d in e.deletes]
        made = [w for e in effects for w in (*e.writes, *e.outputs)]
        if command[0].kinds != {"files"} or any(e.writes_anywhere for e in effects):
            return False
        if not made:
            return bool(deleted) and all(self._has_no_content(command, d) for d in deleted)
        held = all(command[0].origin in content_at(self.new, w, number).origins for w in made)
        plain = not deleted and all(e.tool in ("ln", "mkdir") for e in effects)
        return plain and held and all(e.copy is None or e.copy.target not in made for e in self.new.events)

    def _has_no_content(self, command: _Command, path: str) -> bool:
        before, after = command
        empty = self.empty.issuperset(content_at(self.new, path, after.number).origins)
        return empty and not _is_copied(after, path) and _is_there(self.old, before, path)


def _is_there(stage: Stage, event: Event, path: str) -> bool:
    """Whether a stage has something at a path before an event that a step made."""
    content = content_at(stage, path, event.number)
    known = bool(content) or path in event.state.view.directories or _is_copied(event, path)
    return known and not content.gone


def _is_found(stage: Stage, event: Event, path: str) -> bool:
    """Whether a stage certainly has a path before an event, as far as the files of the context are known."""
    view = event.state.view
    if view.context.root is None or is_glob(path):
        return _is_there(stage, event, path)
    content = content_at(stage, path, event.number)
    there = path in view.directories or view.context_path(path) is not None
    return not content.gone and (bool(content) or there)


def _is_copied(event: Event, path: str) -> bool:
    """Whether files of the context are at or below a path, or in a directory above that is not the base's."""
    view = event.state.view
    trees = (c.target for c in view.copies)
    return any(inside(t, path) or (inside(path, t) and t not in view.base) for t in trees)


def _is_empty(effect: Effect) -> bool:
    """Whether it makes at most empty directories."""
    return effect.tool == "mkdir" or effect.kind in ("users", "meta", "state")


def runnable(program: Program, layout: Layout, plan: Plan) -> Layout | Reason:
    """The layout without commands that only delete absent files, and without changes to absent directories
    that nothing depends on; other absent directories are created first. The reason (SL390) if one can't be.
    """
    stays = {i: atoms for i, atoms in layout.final.items() if i not in layout.replace}
    kept = (e for s, a, e in program.commands if a.index in stays.get(s.index, ()))
    if not any(map(_needs_paths, kept)):
        return layout
    text = "\n".join("".join(item.text for item in stage.items) for stage in plan.stages)
    lost = (program.base.workdir or "") if program.base is not None and layout.rung != "same-base" else ""
    new = program.executed(parse(encode(text))).final
    stages = _Stages(old=program.machine.final, new=new, lost=lost)
    same = [e for e in stages.old.events if e.effects and e.atom in stays.get(e.visit.index, ())]
    pairs = sorted(repeated(same, new.events), key=lambda pair: pair[0].number)
    final, prepend, certain = dict(layout.final), dict(layout.prepend), True
    for index, group in groupby(pairs, key=lambda pair: pair[0].visit.index):
        commands = [*group]
        certain = certain and not any(e.writes_anywhere for before, _ in commands for e in before.effects)
        left = [c for c in commands if not (certain and stages.is_needless(c))]
        entered, owned = _absent_directories(stages, left)
        behind = dropwhile(lambda c: not any(e.tool == "cd" for e in c[0].effects), left)
        free = all(is_cwd_independent(e) for before, _ in behind for e in before.effects if e.tool != "cd")
        shorter = any(a.index not in stays[index] for a in program.step(index).atoms)
        if (entered or shorter) and not owned and free:
            left = [c for c in left if any(e.tool != "cd" for e in c[0].effects)]
        elif entered or owned:
            needed = tuple(dict.fromkeys((*entered, *owned)))
            if not _can_create(commands[0][0], needed):
                return Reason.of("SL390", "only_in_builder", path=needed[0], rung=layout.rung)
            prepend[index] = f"mkdir -p {' '.join(map(shlex.quote, needed))}"
        dropped = {before.atom for before, _ in commands} - {before.atom for before, _ in left}
        rest = [e for e in same if e.visit.index == index and e.atom not in dropped]  # also edited ones
        if dropped and {kind for event in rest for kind in event.kinds} <= INSTALLS_NOTHING:
            del final[index]
        else:
            final[index] -= dropped
    same_steps = final == layout.final and prepend == layout.prepend
    return layout if same_steps else replace(layout, final=final, prepend=prepend)


def _needs_paths(effect: Effect) -> bool:
    changes = effect.tool in ("cd", "ln", "mkdir") or effect.kind == "meta" or bool(effect.deletes)
    return changes or bool(_needed_directories(effect))


def _absent_directories(stages: _Stages, commands: Sequence[_Command]) -> tuple[list[str], list[str]]:
    """The absent directories that a RUN changes to, and those that it writes in or changes the owner of."""
    entered: list[str] = []
    owned: list[str] = []
    moves: _Command | None = None
    for command in commands:
        for effect in command[0].effects:
            if moves is not None and effect.cwd is not None and stages.is_absent(moves, effect.cwd):
                entered.append(effect.cwd)
            if effect.kind == "meta" and not effect.followed:
                own = (p for p in effect.writes if not set(p) & set("*?["))
                owned += [p for p in own if stages.is_absent(command, p) and is_directory(stages.old, p)]
            owned += [d for d in _needed_directories(effect) if stages.is_absent(command, d)]
            moves = command if effect.tool == "cd" else None
    return entered, owned


def _needed_directories(effect: Effect) -> Sequence[str]:
    """The directories that have to exist before an effect: redirections and most programs create none."""
    options = "".join(w.text for w in effect.command.words if w.text.startswith("-"))
    if (
        effect.followed
        or effect.kind not in ADDS_FILES
        or (effect.tool in ("mkdir", "install") and "p" in options)
    ):
        return ()
    found = (posixpath.dirname(w) for w in effect.writes if w.startswith("/"))
    return [p for p in found if not is_shared_directory(p) and not is_glob(p)]


def _can_create(event: Event, paths: Sequence[str]) -> bool:
    """Whether a RUN can be given a command that creates the directories."""
    home = event.state.home
    allowed = is_plain_root(event.state.user) or (home is not None and all(inside(p, home) for p in paths))
    return allowed and not event.visit.instruction.heredocs
