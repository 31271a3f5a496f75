"""Steps of unknown effect: where they can run without finding a different file system.

In the final stage they see the results of earlier steps of that stage, but no build artifact. So they must
run before everything that is built, or after all of it and its copies.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.analysis.program import AtomStep, Program, Step
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS_NOTHING
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.layout import CopyFromBuilder
from slimify.planning.stages.certain_paths import absent_file
from slimify.semantics.paths import inside, inside_any


def split_obstacle(program: Program, request: SplitRequest) -> Reason | None:
    """Why the steps can't be split safely for this base; None if they can."""
    why = _unknown_of_other_stage(program) if request.rung in ("minimal", "slim") else None
    if why is not None:
        return why
    for step in program.steps:
        for atom in step.atoms:
            if request.rung == "slim" and any(e.tool == "add-apt-repository" for e in atom.effects):
                return Reason.of("SL392", "archive", at=step.line, base=program.base_ref)
            if atom.role != "unknown":
                continue
            reason = atom.reasons[0] if atom.reasons else Reason.of("SL221", "no_reason")
            if request.rung in ("minimal", "slim"):
                return Reason.of("SL392", "unknown_step", at=step.line, reason=reason, base=program.base_ref)
            if not _finds_its_inputs(program, step, atom, request.copies):
                return Reason.of("SL392", "after_build", at=step.line, reason=reason)
    return absent_file(program, request.copies)


def _unknown_of_other_stage(program: Program) -> Reason | None:
    """Why what the last stage copies from others may need anything of its base image: it is cloned, built by
    tools of no known language, or may be by a step that is not understood."""
    sources = program.machine.final.sources
    unread = [e for s in program.machine.stages if s in sources for e in s.own if "unknown" in e.kinds]
    for event in (*unread, *program.brought):
        for effect in event.effects:
            cloned = effect.kind == "fetch" and effect.tool == "git"
            if effect.kind == "unknown" or cloned or (effect.kind in _BUILT and not effect.ecosystem):
                at = event.visit.instruction.line
                return Reason.of("SL392", "other_stage", at=at, base=program.base_ref)
    return None


_BUILT = frozenset({"compile", "build"})


def unknown_home(program: Program, copies: Sequence[CopyFromBuilder]) -> Reason | None:
    """Why a copy may be at the wrong path: it is below /root, and the user of an unknown base image is
    unknown."""
    raw = program.dockerfile.instructions
    if program.base is not None or any(x.keyword == "USER" or "/root" in x.raw for x in raw):
        return None
    found = next((t for t in copies if inside(t.path, "/root")), None)
    if found is None:
        return None
    line = raw[found.after].line
    return Reason.of("SL392", "home", at=line, base=program.base_ref)


def _finds_its_inputs(
    program: Program, step: Step, atom: AtomStep, copies: Sequence[CopyFromBuilder]
) -> bool:
    """Whether a step of unknown effect sees in the final stage everything that it saw in the original
    file."""
    built = _build_atoms(program)
    if not built or (step.index, atom.index) < built[0]:
        return True
    return step.index > built[-1][0] and _copies_project(program) and _all_copied(program, copies)


def _copies_project(program: Program) -> bool:
    known = language(program.language)
    return known is not None and known.copies_project


def unknown_follows_build(program: Program) -> bool:
    """Whether a step of unknown effect follows a build step: it may need every artifact."""
    built = _build_atoms(program)
    last = _last_unknown(program)
    return bool(built) and last is not None and last >= built[0][0]


def keep_everything_before_unknown(program: Program) -> Program:
    """The program with all packages and files before the last step of unknown effect marked as needed at
    run time."""
    last = _last_unknown(program)
    if last is None:
        return program
    copied = [m.path for m in program.artifacts if not m.is_file] if unknown_follows_build(program) else []
    steps = tuple(_with_all_kept(s, copied) if s.index <= last else s for s in program.steps)
    return replace(program, steps=steps)


def _last_unknown(program: Program) -> int | None:
    return max((s.index for s in program.steps if any(a.role == "unknown" for a in s.atoms)), default=None)


def _build_atoms(program: Program) -> list[tuple[int, int]]:
    """The indexes (step, atom) of everything that builds an artifact, in order."""
    return [(s.index, a.index) for s in program.steps for a in s.atoms if _builds(a)]


def _builds(atom: AtomStep) -> bool:
    return atom.role == "build" and bool(atom.kinds - INSTALLS_NOTHING - {"packages", "source"})


def _all_copied(program: Program, copies: Sequence[CopyFromBuilder]) -> bool:
    """Whether everything that build steps write is copied or deleted again."""
    atoms = program.atoms
    deleted = [d for a in atoms for e in a.effects for d in e.deletes]
    written = [w for a in atoms if _builds(a) for e in a.effects for w in (*e.writes, *e.outputs)]
    return all(inside_any(w, (*(t.path for t in copies), *deleted)) for w in written)


def _with_all_kept(step: Step, copied: Sequence[str]) -> Step:
    """The step with all its packages and files marked as needed, except files that a copied directory
    already contains."""
    atoms = tuple(
        replace(a, role="both", packages=tuple(replace(v, role="both", counterparts=()) for v in a.packages))
        if a.packages
        else a
        for a in step.atoms
    )
    role = step.role
    if step.keyword in ("COPY", "ADD") and role == "build":
        places = step.visit.copy_targets
        if places is None or not all(any(inside(p, c) for c in copied) for p in places):
            role = "both"
    return replace(step, atoms=atoms, role=role)
