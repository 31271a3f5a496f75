"""`RUN chown -R` stores every file a second time; COPY --chown sets the owner without that.

The recursive change is removed if everything it affects is known. Files from COPY and ADD get their owner
there, directories from WORKDIR and mkdir are changed one by one, and installed files in the RUN that
installs them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import partial

from msgspec import Struct

from slimify.analysis.copied_context import context_size
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.system import is_plain_root
from slimify.languages import project_directories
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import NOT_FOR_RUN_TIME, RUNS_CODE, Effect
from slimify.model.regex import regex
from slimify.model.sizes import MB
from slimify.planning.final_stage.commands import non_recursive_edits
from slimify.planning.in_place.edits import Edits, first_edits, step_line
from slimify.planning.in_place.runs import extended_run, is_chained, is_direct, is_extendable, is_readable
from slimify.semantics.paths import ancestors, inside, is_named_place, overlap
from slimify.syntax.dockerfile.instructions import copy_parts
from slimify.syntax.dockerfile.words import expand, references
from slimify.syntax.shell.script import edit

_OWNER = regex(r"([\w.-]+):([\w.-]+)")
_NODE_MODULES_BYTES = 30 * MB


class _Change(Struct, frozen=True):
    """`chown -R owner places` of one step. `owner` is user and group, "" if only a shell can resolve them.
    `written` is the notation for COPY --chown."""

    step: Step
    atom: AtomStep
    effect: Effect
    owner: str
    written: str
    places: tuple[str, ...]


class _Makers(Struct, frozen=True):
    """What creates the new owner and must precede the first COPY: commands at the start of the step that
    changes the owner, and whole RUNs in between."""

    atoms: tuple[AtomStep, ...] = ()
    steps: tuple[Step, ...] = ()


def chown_to_copy(program: Program) -> Edits:
    """The first recursive chown that COPY can replace; else advice on the remaining ones."""

    def told(change: _Change, why: Reason) -> Decision:
        return Decision.of("SL356", "owner", line=change.step.line, why=why)

    return first_edits(_changes(program), partial(_moved_to_copy, program), told)


def _changes(program: Program) -> Iterator[_Change]:
    for step in program.steps:
        if not is_readable(step) or step.instruction.flags:
            continue
        for atom in step.atoms:
            for effect in atom.effects:
                named = effect.command.words[:1] and effect.command.words[0].value == "chown"
                if effect.kind != "meta" or not named or not effect.recursive:
                    continue
                if len(atom.effects) == 1 and is_direct(step, atom, effect) and effect.writes:
                    yield _Change(step, atom, effect, *_owner(step, effect), effect.writes)


def _owner(step: Step, effect: Effect) -> tuple[str, str]:
    """User and group, and their notation for --chown; without a group, COPY gives files group 0."""
    word = next((w for w in effect.command.words[1:] if not w.text.startswith("-")), None)
    if word is None:
        return "", ""
    text = word.text.replace('"', "")
    known = step.state.known_env
    if references(text) - known.keys():
        return "", text
    owner = expand(text, known) or ""
    return (owner, text) if ":" in owner else (f"{owner}:root", f"{text}:root")


def _moved_to_copy(program: Program, change: _Change) -> Edits | Reason | None:
    """The edits, or why they are not possible; None if the chown affects nothing that COPY created."""
    step, places = change.step, change.places
    copies = [s for s in _earlier_steps(program, change) if s.keyword in ("COPY", "ADD")]
    brought = [s for s in copies if _reaches(s, places)]
    if not brought:
        return None
    if not _OWNER.fullmatch(change.owner) or change.owner in ("root:root", "0:0"):
        return Reason.of("SL356", "owner_form", owner=change.written)
    if any(s.instruction.flag("chown") not in (None, change.written, change.owner) for s in brought):
        return Reason.of("SL356", "other_owner")
    if change.written.endswith(":root") and any(copy_parts(s.instruction).from_stage for s in brought):
        return Reason.of("SL356", "group")
    if any(s.state.env != step.state.env for s in brought if "$" in change.written):
        return Reason.of("SL356", "owner_later", owner=change.written)
    if any(not _within(s, places) for s in brought):
        return Reason.of("SL356", "brings_more")
    others = [p for p in places if not _is_known_tree(program, change, p, brought)]
    if others:
        return Reason.of("SL356", "other_files", path=others[0])
    again = _later_chmod(program, change, brought)
    if again is not None:
        return Reason.of("SL356", "chmod", step=step_line(again))
    made = _runs_with_chown(program, change)
    if isinstance(made, Reason):
        return made
    texts: dict[int, str] = dict(made)
    before: dict[int, tuple[str, ...]] = {}
    makers = _owner_makers(program, change, brought[0])
    if makers is None:
        return _owner_made(change)
    if makers.atoms:
        before[brought[0].index] = ("RUN " + " && ".join(step.script.text_of(a.index) for a in makers.atoms),)
    for copy in brought:
        texts[copy.index] = _with_owner(copy, change.written)
    texts[step.index] = _without_change(program, change, frozenset(a.index for a in makers.atoms)) or ""
    decision = Decision.of("SL352", "owner", line=step.line, owner=change.owner, paths=places)
    return Edits(
        texts=texts,
        before=before,
        moved={s.index: brought[0].index for s in makers.steps},
        decisions=(decision,),
        saving=_saved_bytes(program, brought, bool(made)),
    )


def _earlier_steps(program: Program, change: _Change) -> list[Step]:
    return [s for s in program.steps if s.index < change.step.index]


def _later_chmod(program: Program, change: _Change, brought: Iterable[Step]) -> Step | None:
    """A later step that changes the mode of everything a COPY created: it stores the files again anyway."""
    for step in program.steps:
        if step.index < change.step.index or not is_readable(step):
            continue
        for effect in step.effects:
            words = [w.value or "" for w in effect.command.words]
            if words[:1] != ["chmod"] or not effect.recursive:
                continue
            if all(
                any(inside(t, w) for w in effect.writes) for s in brought for t in s.visit.copy_targets or ()
            ):
                return step
    return None


def _reaches(step: Step, places: tuple[str, ...]) -> bool:
    found = step.visit.copy_targets
    return found is None or any(overlap(t, p) for t in found for p in places)


def _is_known_tree(program: Program, change: _Change, place: str, brought: Iterable[Step]) -> bool:
    """Whether a COPY, mkdir or WORKDIR made what is there: what packages and the base put there has no owner
    but that of this command."""
    made = _root_owned_directories(program, change)
    return any(_reaches(s, (place,)) for s in brought) or any(inside(d, place) for d in made)


def _within(step: Step, places: tuple[str, ...]) -> bool:
    found = step.visit.copy_targets
    return found is not None and all(any(inside(t, p) for p in places) for t in found)


def _runs_with_chown(program: Program, change: _Change) -> dict[int, str] | Reason:
    """The RUNs that create files below the paths, with a chown of their own added; or why those are
    unknown."""
    found: dict[int, str] = {}
    if _makes_files_first(change):
        return Reason.of("SL356", "own_files")
    for step in _earlier_steps(program, change):
        if step.keyword != "RUN":
            continue
        if not is_readable(step):
            return Reason.of("SL356", "unknown_writes", step=step_line(step))
        paths: dict[str, None] = {}
        for effect in step.effects:
            if effect.kind in RUNS_CODE or effect.writes_anywhere:
                return Reason.of("SL356", "unknown_writes", step=step_line(step))
            if effect.kind in ("meta", "users"):
                continue
            if effect.tool == "mkdir":
                continue
            made = [w for w in (*effect.writes, *effect.outputs) if not is_named_place(w)]
            if any(inside(p, w) for w in made for p in change.places):
                return Reason.of("SL356", "vague_writes", step=step_line(step), path=made[0])
            paths |= dict.fromkeys(w for w in made if any(inside(w, p) for p in change.places))
        if not paths:
            continue
        if (
            not is_extendable(step)
            or not is_plain_root(step.state.user)
            or not all(posixpath.basename(w) in project_directories() for w in paths)
        ):
            return Reason.of("SL356", "makes", step=step_line(step), path=next(iter(paths)))
        if not _owner_exists(program, change.owner, step.index):
            return _owner_made(change)
        found[step.index] = extended_run(program, step, (f"chown -R {change.owner} {' '.join(paths)}",))
    return found


_MAKES_NO_FILES = NOT_FOR_RUN_TIME | {"meta", "users"}


def _makes_files_first(change: _Change) -> bool:
    """Whether the RUN itself creates files there before it changes their owner."""
    for atom in change.step.atoms[: change.atom.index]:
        for effect in atom.effects:
            if effect.tool == "mkdir" or effect.kind in _MAKES_NO_FILES:
                continue
            if effect.writes_anywhere or effect.kind in RUNS_CODE:
                return True
            if any(overlap(w, p) for w in effect.writes for p in change.places):
                return True
    return False


def _owner_made(change: _Change) -> Reason:
    """COPY can't name an owner that a later step creates."""
    return Reason.of("SL356", "owner_made", owner=change.owner.removesuffix(":root"))


def _owner_exists(program: Program, owner: str, index: int) -> bool:
    """Whether user and group exist when the instruction is executed."""
    names = {n for n in owner.split(":") if not n.isdigit()} - {"root"}
    base = program.base
    if base is not None:
        names -= {base.user} | base.users.keys() | {"nobody", "www-data"}
    for step in program.steps:
        if step.index < index:
            names -= _words_used(step, [e for e in step.effects if e.kind == "users"])
    return not names


def _words_used(step: Step, effects: Iterable[Effect]) -> set[str]:
    """The words of commands, with variables that the file sets expanded."""
    known = step.state.known_env
    words = (w for e in effects for w in e.command.words)
    return {w.value if w.value is not None else expand(w.text, known) or "" for w in words}


def _owner_makers(program: Program, change: _Change, copy: Step) -> _Makers | None:
    """What creates the owner and has to move before the first COPY; None if it can't move."""
    if _owner_exists(program, change.owner, copy.index):
        return _Makers()
    step = change.step
    if not is_plain_root(copy.state.user):
        return None
    between = [s for s in program.steps if copy.index < s.index < step.index]
    steps = [s for s in between if s.atoms and all(_makes_users(s, a) for a in s.atoms)]
    atoms: list[AtomStep] = []
    for atom in step.atoms if is_chained(step) else ():
        if not _makes_users(step, atom):
            break
        atoms.append(atom)
    own = [e for a in atoms for e in a.effects]
    effects = [*own, *(e for s in steps for e in s.effects)]
    made = _words_used(step, own).union(*(_words_used(s, s.effects) for s in steps))
    written = [w for e in effects for w in e.writes if not w.startswith("/etc/")]
    names = {n for n in change.owner.split(":") if not n.isdigit()} - {"root"}
    if any(overlap(w, p) for w in written for p in change.places) or not names <= made:
        return None
    if any(not _is_movable(s, copy) for s in steps) or any(
        "$" in step.script.text_of(a.index) for a in atoms
    ):
        return None
    return _Makers(atoms=tuple(atoms), steps=tuple(steps))


def _makes_users(step: Step, atom: AtomStep) -> bool:
    opaque = step.script.atoms[atom.index].opaque
    return bool(atom.effects) and all(e.kind == "users" for e in atom.effects) and not opaque


def _is_movable(step: Step, copy: Step) -> bool:
    """Whether a RUN has the same effect before a COPY."""
    plain = is_readable(step) and not step.instruction.flags and is_plain_root(step.state.user)
    return plain and ("$" not in step.instruction.value or step.state.env == copy.state.env)


def _with_owner(step: Step, owner: str) -> str:
    """The COPY with --chown as its first flag, after --from."""
    if step.instruction.flag("chown") is not None:
        return step.instruction.raw
    raw = step.instruction.raw
    return re.sub(r"^(\s*\w+[ \t]+(?:--from=\S+[ \t]+)?)", rf"\1--chown={owner} ", raw, count=1)


def _without_change(program: Program, change: _Change, drop: frozenset[int]) -> str | None:
    """The RUN without the chown, or with a chown of only the directories created before COPY."""
    step = change.step
    alone = _root_owned_directories(program, change)
    words = non_recursive_edits([change.effect] if alone else ())
    if alone:
        operands = [w for w in change.effect.command.words[1:] if not w.text.startswith("-")][1:]
        words |= {(w.start, w.end): "" for w in operands}
        words[operands[0].start, operands[0].end] = " ".join(alone)
    else:
        drop |= {change.atom.index}
    return edit(step.instruction, step.script, drop=drop, replace_words=words)


def _root_owned_directories(program: Program, change: _Change) -> list[str]:
    """Directories at or below the paths that WORKDIR or mkdir created before, with those above them: they
    would stay owned by root."""
    found: dict[str, None] = {}
    steps = [s for s in program.steps if s.index <= change.step.index]
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if step.keyword == "WORKDIR" and following is not None and following.state.cwd:
            found |= dict.fromkeys([following.state.cwd])
        atoms = step.atoms if step is not change.step else step.atoms[: change.atom.index]
        found |= dict.fromkeys(w for a in atoms for e in a.effects if e.tool == "mkdir" for w in e.writes)
    above = [a for d in found for a in reversed([*ancestors(d)])]
    return list(dict.fromkeys(d for p in change.places for d in above if inside(d, p)))


def _saved_bytes(program: Program, copies: list[Step], modules: bool) -> int:
    """The bytes that are stored once instead of twice."""
    total = _NODE_MODULES_BYTES if modules else 0
    for step in copies:
        parts = copy_parts(step.instruction)
        for source in parts.sources if parts.from_stage is None else ():
            total += context_size(program.context, source.strip("./")) if "$" not in source else 0
        total += 0 if parts.from_stage is None else 10 * MB
    return total
