"""What a later RUN deletes goes in the layer that made it: a layer below keeps its bytes for ever.

A deletion comes to stand behind the last command that uses what is deleted. Where several RUNs make and
use it, and nothing else stands between them, they become one.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slimify.analysis.copies import copied_files, copy_targets
from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import BUILDS, RUNS_CODE, Effect
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.in_place.edits import Edits, place
from slimify.planning.in_place.runs import (
    body,
    chained,
    commented,
    joined,
    lead,
    lengthened,
    prolonged,
    readable,
    side_by_side,
    stateless,
    words_of,
)
from slimify.semantics.paths import inside, touches
from slimify.syntax.shell.script import EditRefused, edit

_MAKING = BUILDS | {"fetch", "unpack", "index", "packages"}
_TIDIES = frozenset({"cache", "files", "prune", "check"})
_UNPACKED = 20 * MB  # a download of unknown size


class _Removal(Struct, frozen=True):
    """A command that deletes, and the RUNs that make or use what it deletes."""

    step: Step
    atom: AtomStep
    group: tuple[Step, ...]


def removals(program: Program) -> Edits:
    """The first deletion that can go up to where its files are made; the next ones follow in a next run. Else
    advice on those that free nothing where they are."""
    advice: list[Decision] = []
    for found in _removals(program):
        edits = _moved(program, found)
        if isinstance(edits, Edits):
            return edits
        words = words_of(program, found.step, found.atom)
        advice.append(
            Decision.of(
                "SL356",
                "removal",
                safety="advice",
                line=found.step.line,
                command=words,
                where=place(found.group[0]),
                why=edits,
            )
        )
    return Edits(decisions=tuple(advice))


def _removals(program: Program) -> Iterator[_Removal]:
    for step in program.steps:
        if not readable(step) or step.instruction.flags:
            continue
        for atom in step.atoms:
            if any({e.kind for e in a.effects} - _TIDIES for a in step.atoms[: atom.index]):
                break  # what it deletes may be made there
            paths = _deleted(program, step, atom)
            group = _group(program, step, paths) if paths else ()
            if group and any(e.kind in _MAKING for s in group for e in s.effects):
                yield _Removal(step, atom, group)


def _deleted(program: Program, step: Step, atom: AtomStep) -> tuple[str, ...]:
    """What a command deletes, where it does nothing else; of a file that the context brought, nothing."""
    assert step.script is not None
    part = step.script.atoms[atom.index]
    if part.opaque or not atom.effects or {e.kind for e in atom.effects} - _TIDIES:
        return ()
    if "$" in step.script.text[part.start : part.end] or any(
        e.writes and not _prunes(e) for e in atom.effects
    ):
        return ()
    paths = tuple(p for e in atom.effects for p in (e.writes if _prunes(e) else e.deletes))
    paths = tuple(p.rstrip("*").rstrip("/") or "/" for p in paths)
    brought = any(step.state.view.context_path(p) is not None and not _is_modules(p) for p in paths)
    return () if brought or "/" in paths or any(set(p) & set("*?[") for p in paths) else paths


def _prunes(effect: Effect) -> bool:
    return effect.kind == "prune"


def _is_modules(path: str) -> bool:
    return path.endswith("/node_modules")


def _group(program: Program, step: Step, paths: tuple[str, ...]) -> tuple[Step, ...]:
    """The RUNs before a deletion that make what it deletes, and those that may use it meanwhile; none where
    one of them can't be read, or it is made in the same RUN."""
    before = [s for s in program.steps if s.index < step.index]
    makers = [s for s in before if any(_leaves(s, p) for p in paths)]
    if not makers or any(_makes(e, p) for e in step.effects for p in paths if not _prunes(e)):
        return ()
    since = [s for s in before if s.index >= makers[0].index]
    if any(_brings(s, p) for s in since for p in paths):
        return ()
    group = tuple(s for s in since if s in makers or _may_use(s, paths))
    return group if all(readable(s) or s in makers for s in group) else ()


def _leaves(step: Step, path: str) -> bool:
    """It makes what lies there, and does not delete it again."""
    left = False
    for effect in step.effects:
        if _makes(effect, path):
            left = True
        elif any(inside(path, d.rstrip("*").rstrip("/") or "/") for d in effect.deletes):
            left = False
    return left


def _makes(effect: Effect, path: str) -> bool:
    return effect.kind in _MAKING and any(
        touches(w, path) for w in (*effect.writes, *effect.outputs, *effect.caches)
    )


def _brings(step: Step, path: str) -> bool:
    if step.keyword not in ("COPY", "ADD"):
        return False
    visit = step.visit
    found = copied_files(visit) or copy_targets(visit)
    return found is None or any(touches(f, path) for f in found)


def _may_use(step: Step, paths: tuple[str, ...]) -> bool:
    if step.keyword != "RUN":
        return False
    if not step.atoms:
        return True
    return any(
        e.kind in RUNS_CODE or e.writes_anywhere or any(touches(r, p) for r in _used(e) for p in paths)
        for e in step.effects
    )


def _used(effect: Effect) -> tuple[str, ...]:
    places = (*effect.reads, *effect.writes, *effect.manifests)
    at = (effect.cwd,) if effect.cwd is not None and effect.kind in ("build", "compile", "install") else ()
    return (*places, *effect.caches, *at)


def _moved(program: Program, found: _Removal) -> Edits | Reason:
    """The deletion behind the last of the RUNs, which become one if they are several; or why not."""
    step, group = found.step, found.group
    first, last = group[0], group[-1]
    if not all(prolonged(s) for s in group):
        return Reason.of("SL356", "nothing_behind", step=place(last))
    if not all(s.state.user == step.state.user for s in group):
        return Reason.of("SL356", "other_user")
    text = words_of(program, step, found.atom)
    if not _means_the_same(last, step, text):
        return Reason.of("SL356", "other_words", step=place(last))
    try:
        rest = edit(step.instruction, step.script, drop=frozenset({found.atom.index}))  # type: ignore[arg-type]
    except EditRefused as error:
        return Reason.of("SL356", "edit", why=str(error))
    texts = {step.index: rest or ""}
    if len(group) == 1:
        texts[last.index] = lengthened(program, last, (text,))
    else:
        whole = _one(program, first, last, text)
        if whole is None:
            return Reason.of("SL356", "between", step=place(last))
        texts |= whole
    what = next(p for p in _deleted(program, step, found.atom))
    told = Decision.of("SL350", "removed", safety="safe", line=step.line, path=what, step=place(first))
    return Edits(texts=texts, decisions=(told,), saving=_saving(program, found))


def _means_the_same(last: Step, step: Step, text: str) -> bool:
    """The words of a deletion name the same files behind another RUN."""
    absolute = all(w.startswith(("/", "-", "~")) for w in text.split()[1:])
    return (absolute and text.startswith("rm ")) or (stateless(last) and last.state.cwd == step.state.cwd)


def _one(program: Program, first: Step, last: Step, tail: str) -> dict[int, str] | None:
    """RUNs side by side, made one: the text of the first, "" for the others."""
    members = [s for s in program.steps if first.index <= s.index <= last.index and s.keyword == "RUN"]
    if not side_by_side(program, first.index, last.index) or any(s.instruction.flags for s in members):
        return None
    if not all(chained(s) and stateless(s) for s in members):
        return None
    commands = [body(first.instruction), *(commented(program, s) for s in members[1:])]
    text = joined(lead(first.instruction), (*commands, tail), program.dockerfile.newline)
    return {s.index: text if s is first else "" for s in members}


def _saving(program: Program, found: _Removal) -> int:
    """The bytes that the lower layer no longer keeps, estimated; measured where the image is given."""
    effects = [e for s in found.group for e in s.effects]
    if any(_prunes(e) for e in found.atom.effects):
        return 0
    if program.image_evidence is not None:
        return 0
    if any(e.kind == "index" for e in effects):
        return estimate.APT_LISTS
    if any(e.kind in ("fetch", "unpack", "build") for e in effects):
        return _UNPACKED
    caches = [e for e in effects if e.caches]
    return max((estimate.installer_cache(program, e) for e in caches), default=estimate.INSTALLER_CACHE)
