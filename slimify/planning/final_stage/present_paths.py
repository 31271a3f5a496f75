"""What the final stage has at a point. Steps that it repeats need the directories that they change to or
whose owner they change, and have nothing to do where only the builder has the files that they delete.

A path is absent if a step of the user's file creates it, or only the old base image has it, and no step of
the final stage brings it.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.system import is_plain_root, is_standard_directory
from slimify.model.effects import INSTALLS_NOTHING, Effect
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.final_stage.instruction_text import is_cwd_independent
from slimify.semantics.paths import PathMarks, inside

Final = Mapping[int, frozenset[int]]  # the atoms of each RUN; for other instructions, presence is enough


class _Paths(Struct, frozen=True):
    """The paths before an instruction: those that the user's file creates, those that exist in the final
    stage, those of them that have all the content that the user's file puts there, and directories."""

    created: PathMarks
    present: PathMarks
    whole: PathMarks
    directories: PathMarks

    def note(self, path: str, *, repeated: bool, filled: bool = True, directory: bool = False) -> None:
        """Notes a path that a step creates. What base images have, no step creates."""
        if path == "/" or is_standard_directory(path):
            return
        self.created.note(path)
        if directory:
            self.directories.note(path)
        if repeated:
            self.present.note(path)
        if repeated and filled:
            self.whole.note(path)

    def note_effect(self, effect: Effect, *, repeated: bool) -> None:
        if effect.kind == "meta":
            return
        empty = effect.tool == "mkdir" or effect.kind == "users"
        for path in (*effect.writes, *effect.outputs):
            self.note(path, repeated=repeated, filled=not empty, directory=empty)

    def is_absent(self, path: str) -> bool:
        there = self.present.below(path) >= 0 or self.whole.containing(path) >= 0
        return not there and not is_standard_directory(path) and self.created.overlapping(path) >= 0

    def is_directory(self, path: str) -> bool:
        return self.directories.below(path) >= 0

    def has_no_content(self, path: str) -> bool:
        return self.whole.overlapping(path) < 0 and self.created.overlapping(path) >= 0


def without_absent_paths(
    program: Program, final: Final, request: SplitRequest
) -> tuple[dict[int, frozenset[int]], dict[int, str] | str]:
    """The final stage without commands that only delete absent files, and without changes to absent
    directories that nothing depends on; and for each RUN the command that creates the other directories, or
    one that can't be created."""
    result = dict(final)
    made: dict[int, str] = {}
    paths = _start_paths(program, request)
    for step in program.steps:
        index = step.index
        _note_step(paths, step, result, request)
        if index not in final or not step.atoms:
            if not _note_commands(paths, step, result):
                break
            continue
        if any(e.writes_anywhere for a in step.atoms if a.index in result[index] for e in a.effects):
            break
        left, entered, owned = _absent_directories(step, result[index], paths)
        free = all(is_cwd_independent(e) for a in left for e in a.effects if e.tool != "cd")
        if entered and not owned and free:
            left = [a for a in left if any(e.tool != "cd" for e in a.effects)]
        elif entered or owned:
            needed = tuple(dict.fromkeys((*entered, *owned)))
            if not _can_create(step, needed):
                return result, needed[0]
            made[index] = f"mkdir -p {' '.join(map(shlex.quote, needed))}"
        if len(left) < len(result[index]) and {e.kind for a in left for e in a.effects} <= INSTALLS_NOTHING:
            del result[index]
        else:
            result[index] = frozenset(a.index for a in left)
    return result, {i: text for i, text in made.items() if i in result}


def _absent_directories(
    step: Step, repeated: frozenset[int], paths: _Paths
) -> tuple[list[AtomStep], list[str], list[str]]:
    """The commands of a RUN that have something to do in the final stage, and the absent directories that
    they change to and whose owner they change. Notes the paths that they create."""
    left: list[AtomStep] = []
    entered: list[str] = []
    owned: list[str] = []
    before: Effect | None = None
    for atom in step.atoms:
        stays = atom.index in repeated
        if stays and _deletes_only(atom, paths):
            continue
        left += [atom] if stays else []
        for effect in atom.effects:
            place = effect.cwd if before is not None and before.tool == "cd" else None
            if stays and place is not None and paths.is_absent(place):
                entered.append(place)
            if stays and effect.kind == "meta" and not effect.followed:
                own = (p for p in effect.writes if not set(p) & set("*?["))
                owned += [p for p in own if paths.is_absent(p) and paths.is_directory(p)]
            paths.note_effect(effect, repeated=stays)
            before = effect if stays else before
    return left, entered, owned


def _can_create(step: Step, paths: Sequence[str]) -> bool:
    """Whether a RUN can be given a command that creates the directories."""
    home = step.state.home
    allowed = is_plain_root(step.state.user) or (home is not None and all(inside(p, home) for p in paths))
    return allowed and not step.instruction.heredocs


def _deletes_only(atom: AtomStep, paths: _Paths) -> bool:
    """Whether the command only deletes files by name that the final stage does not have."""
    deleted = [d.rstrip("*").rstrip("/") for e in atom.effects for d in e.deletes]
    files = (e.kind == "files" and not (e.writes or e.outputs or e.writes_anywhere) for e in atom.effects)
    return bool(deleted) and all(files) and all(map(paths.has_no_content, deleted))


def _start_paths(program: Program, request: SplitRequest) -> _Paths:
    """The paths before the first instruction."""
    found = _Paths(PathMarks(), PathMarks(), PathMarks(), PathMarks())
    if program.base is not None and request.rung != "same-base":
        found.note(program.base.workdir or "/", repeated=False)
    return found


def _note_step(found: _Paths, step: Step, final: Final, request: SplitRequest) -> None:
    """Notes what is there once a step begins: its directory, what it copies, and copies from the builder."""
    narrowed = request.replace or {}
    found.note(step.state.cwd or "/", repeated=step.index in final, filled=False, directory=True)
    if step.keyword in ("COPY", "ADD"):
        for path in copy_targets(step.visit) or ():
            found.note(path, repeated=step.index in final and step.index not in narrowed)
    for path in _narrowed_targets(step, narrowed.get(step.index, "")):
        found.note(path.rstrip("/"), repeated=True, filled=not path.endswith("/"))
    for copy in request.copies:
        if copy.after == step.index:
            found.note(copy.path, repeated=True)


def _note_commands(found: _Paths, step: Step, final: Final) -> bool:
    """Notes what the commands of a RUN create; False if one of the final stage may write anything."""
    for atom in step.atoms:
        repeated = atom.index in final.get(step.index, ())
        if repeated and any(e.writes_anywhere for e in atom.effects):
            return False
        for effect in atom.effects:
            found.note_effect(effect, repeated=repeated)
    return True


def _narrowed_targets(step: Step, text: str) -> Iterator[str]:
    """The paths that a narrowed COPY creates; a directory that receives files ends with a slash."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2:
            yield posixpath.join(step.state.cwd or "/", words[-1].removeprefix("./"))
