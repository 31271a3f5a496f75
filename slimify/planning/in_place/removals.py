"""Moves deletions into the layer that created the files: a lower layer keeps the bytes of files deleted
later.

A deletion moves after the last command that uses the files. If several adjacent RUNs create and use them,
they are joined.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.programs import is_basic
from slimify.facts.shells import is_builtin
from slimify.languages import installed_directories, language, project_directories
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import BUILDS, RUNS_CODE, Effect
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.in_place.edits import Edits, first_edits, step_line
from slimify.planning.in_place.runs import (
    extended_run,
    is_extendable,
    is_readable,
    joined_runs,
    keeps_shell_state,
)
from slimify.semantics.paths import inside, overlap
from slimify.syntax.shell.script import edit

_MAKES_FILES = BUILDS | {"fetch", "unpack", "index", "packages"}
_CLEANS_UP = frozenset({"cache", "files", "prune", "check"})
_UNPACKED_BYTES = 20 * MB  # assumed for a download of unknown size


class _Removal(Struct, frozen=True):
    """A command that deletes files, and the RUNs that create or use those files."""

    step: Step
    atom: AtomStep
    group: tuple[Step, ...]


def removals(program: Program) -> Edits:
    """The first deletion that can move up to where its files are created (later calls handle the next
    ones); else advice on deletions that free nothing."""
    return first_edits(_removals(program), partial(_moved, program), _told)


def _told(removal: _Removal, why: Reason) -> Decision:
    text, where = removal.step.script.text_of(removal.atom.index), step_line(removal.group[0])
    return Decision.of("SL356", "removal", line=removal.step.line, command=text, where=where, why=why)


def _removals(program: Program) -> Iterator[_Removal]:
    for step in program.steps:
        if not is_readable(step) or step.instruction.flags:
            continue
        for atom in step.atoms:
            if any(_may_need_files(e) for a in step.atoms[: atom.index] for e in a.effects):
                break  # it may create the deleted files, or be a program among them
            paths = _deleted_paths(program, step, atom)
            group = _related_runs(program, step, paths) if paths else ()
            if group and any(e.kind in _MAKES_FILES for s in group for e in s.effects):
                yield _Removal(step, atom, group)


def _may_need_files(effect: Effect) -> bool:
    """Whether a command may create the files that a later one deletes, or may be one of their programs."""
    return _checks_by_program(effect) or effect.kind not in _CLEANS_UP


def _checks_by_program(effect: Effect) -> bool:
    """Whether it is a check by another program than the shell's and those that work on files."""
    words = effect.command.words if effect.command else ()
    name = (words[0].value or "") if words else ""
    return effect.kind == "check" and bool(name) and not (is_basic(name) or is_builtin(name))


def _deleted_paths(program: Program, step: Step, atom: AtomStep) -> tuple[str, ...]:
    """The paths that a command deletes; () if it has other effects, or if the files come from the context."""
    part = step.script.atoms[atom.index]
    if part.opaque or not atom.effects or atom.kinds - _CLEANS_UP:
        return ()
    if "$" in step.script.text[part.start : part.end] or any(
        e.writes and not _prunes(e) for e in atom.effects
    ):
        return ()
    paths = tuple(p for e in atom.effects for p in (e.writes if _prunes(e) else e.deletes))
    paths = tuple(p.rstrip("*").rstrip("/") or "/" for p in paths)
    held = {posixpath.basename(p) for p in paths if step.state.view.context_path(p) is not None}
    brought = not held <= project_directories()
    return () if brought or "/" in paths or any(set(p) & set("*?[") for p in paths) else paths


def _prunes(effect: Effect) -> bool:
    return effect.kind == "prune"


def _related_runs(program: Program, step: Step, paths: tuple[str, ...]) -> tuple[Step, ...]:
    """The earlier RUNs that create or may use the deleted files; () if one of them can't be read, or if the
    deleting RUN creates the files itself."""
    before = [s for s in program.steps if s.index < step.index]
    makers = [s for s in before if any(_leaves(s, p) for p in paths)]
    if not makers or any(_makes_path(e, p) for e in step.effects for p in paths if not _prunes(e)):
        return ()
    since = [s for s in before if s.index >= makers[0].index]
    pruned = any(map(_prunes, step.effects))  # what a COPY brought stays in its layer
    if any(_copies_path(s, p) for s in (before if pruned else since) for p in paths):
        return ()
    group = tuple(s for s in since if s in makers or _may_use(s, paths))
    return group if all(is_readable(s) or s in makers for s in group) else ()


def _leaves(step: Step, path: str) -> bool:
    """Whether the step creates the path and does not delete it again."""
    left = False
    for effect in step.effects:
        if _makes_path(effect, path):
            left = True
        elif any(inside(path, d.rstrip("*").rstrip("/") or "/") for d in effect.deletes):
            left = False
    return left


def _makes_path(effect: Effect, path: str) -> bool:
    return effect.kind in _MAKES_FILES and any(
        overlap(w, path) for w in (*effect.writes, *effect.outputs, *effect.caches)
    )


def _copies_path(step: Step, path: str) -> bool:
    if step.keyword not in ("COPY", "ADD"):
        return False
    visit = step.visit
    removal = visit.copied_files or visit.copy_targets
    return removal is None or any(overlap(f, path) for f in removal)


def _may_use(step: Step, paths: tuple[str, ...]) -> bool:
    if step.keyword != "RUN":
        return False
    if not step.atoms:
        return True
    # programs load packages of the directories above them, too, and may be installed there
    installed = not installed_directories().isdisjoint(map(posixpath.basename, paths))
    return any(
        e.kind in RUNS_CODE
        or e.writes_anywhere
        or (installed and (e.kind in BUILDS or _checks_by_program(e)))
        or any(overlap(r, p) for r in _used_paths(e) for p in paths)
        for e in step.effects
    )


def _used_paths(effect: Effect) -> tuple[str, ...]:
    places = (*effect.reads, *effect.writes, *effect.manifests)
    at = (effect.cwd,) if effect.cwd is not None and effect.kind in ("build", "compile", "install") else ()
    return (*places, *effect.caches, *at)


def _moved(program: Program, removal: _Removal) -> Edits | Reason:
    """The edits that put the deletion after the last of the RUNs, joining them if there are several; or why
    that is not possible."""
    step, group = removal.step, removal.group
    first, last = group[0], group[-1]
    if not all(is_extendable(s) for s in group):
        return Reason.of("SL356", "nothing_behind", step=step_line(last))
    if not all(s.state.user == step.state.user for s in group):
        return Reason.of("SL356", "other_user")
    text = step.script.text_of(removal.atom.index)
    if not _names_same_files(last, step, text):
        return Reason.of("SL356", "other_words", step=step_line(last))
    rest = edit(step.instruction, step.script, drop=frozenset({removal.atom.index}))
    texts = {step.index: rest or ""}
    if len(group) == 1:
        texts[last.index] = extended_run(program, last, (text,))
    else:
        whole = joined_runs(program, first, last, text)
        if whole is None:
            return Reason.of("SL356", "between", step=step_line(last))
        texts |= whole
    what = next(p for p in _deleted_paths(program, step, removal.atom))
    decision = Decision.of("SL350", "removed", line=step.line, path=what, step=step_line(first))
    return Edits(texts=texts, decisions=(decision,), saving=_saved_bytes(program, removal))


def _names_same_files(last: Step, step: Step, text: str) -> bool:
    """Whether the words of a deletion name the same files at the end of another RUN."""
    absolute = all(w.startswith(("/", "-", "~")) for w in text.split()[1:])
    return (absolute and text.startswith("rm ")) or (
        keeps_shell_state(last) and last.state.cwd == step.state.cwd
    )


def _saved_bytes(program: Program, removal: _Removal) -> int:
    """The bytes that the lower layer no longer stores: measured if an image is given, else estimated."""
    effects = [e for s in removal.group for e in s.effects]
    if program.image_evidence is not None:
        return 0
    if any(map(_prunes, removal.atom.effects)):
        known = language(program.language)
        part = known.development if known is not None else None
        return part.pruned_bytes(program) if part is not None else 0
    if any(e.kind == "index" for e in effects):
        return estimate.APT_LISTS
    if any(e.kind in ("fetch", "unpack", "build") for e in effects):
        return _UNPACKED_BYTES
    caches = [e for e in effects if e.caches]
    return max((estimate.installer_cache_bytes(program, e) for e in caches), default=estimate.INSTALLER_CACHE)
