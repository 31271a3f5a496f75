"""What later builder steps use. The steps are read once, from the last to the first."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from slimify.analysis.program import Step
from slimify.facts.system import in_package_tree
from slimify.languages import language
from slimify.model.effects import (
    CHANGES_FILES,
    INSTALLS_NOTHING,
    RUNS_CODE,
    USES_PACKAGE_LISTS,
    WORKS_BY_PATH,
    Effect,
)
from slimify.planning.final_stage.commands import PLAIN_CHECKS
from slimify.semantics.paths import PathMarks, inside_any, is_named_place

# Shared directories where packages install files: a build step that works there may depend on one.
_PACKAGE_DATA = ("/var", "/srv", "/run")
# Effects that use files by name only, independent of the working directory.
_BY_NAME = CHANGES_FILES | {"check", "system", "app"}
_INSTALLING = USES_PACKAGE_LISTS | RUNS_CODE
# The compiler only reads sources: it does not care about owner and mode.
_COMPILE_ACTIONS = frozenset({"build", "install", "get", "mod download", "mod vendor", "mod tidy"})


class DownstreamUses:
    """What the steps added so far use: those that the builder executes after the current one."""

    def __init__(self, foreign: frozenset[str] = frozenset()) -> None:
        self.foreign = foreign  # directories of programs that the builder does not call
        self._near, self._compiled, self._at = PathMarks(), PathMarks(), PathMarks()
        self._kept = PathMarks()
        self._tools: set[str] = set()
        self._anything = self._unknown = False
        self.touches_system = False  # a step works where system packages install files
        self.needs_users = False  # a step names an owner or switches to a user
        self.needs_lists = False  # a step may install packages from lists fetched earlier

    def note(self, step: Step) -> None:
        """Adds a builder step that precedes all steps added before."""
        if step.state.cwd is not None:
            self._at.note(step.state.cwd)
        for effect in step.effects:
            compiles = effect.kind == "compile" and effect.action in _COMPILE_ACTIONS
            marks = self._compiled if compiles else self._near
            for path in _touched_paths(effect):
                marks.note(path)
            if effect.kind == "install" and _keeps_owners(effect):
                for path in effect.writes:
                    self._kept.note(path)
            self._tools |= {effect.tool, *effect.tools}
            self._unknown |= effect.kind == "unknown"
            self._anything |= effect.kind == "unknown" or effect.writes_anywhere
        self.touches_system |= step.keyword == "RUN" and _touches_system(step)
        self.needs_lists |= any(e.kind in _INSTALLING or e.writes_anywhere for e in step.effects)
        owners = step.keyword == "USER" or "--chown" in step.instruction.raw
        self.needs_users |= owners or any(e.kind in ("meta", "users") for e in step.effects)

    def calls(self, names: Iterable[str]) -> bool:
        """Whether a step calls one of these programs; a step of unknown effect counts."""
        return self._anything or any(name in self._tools for name in names)

    def gives_owner(self, paths: Iterable[str]) -> bool:
        """Whether an installer that passes on the owner of the directory writes to one of these paths."""
        return any(self._kept.below(p) >= 0 for p in paths)

    def touches_any(self, paths: Iterable[str], *, content: bool) -> bool:
        """Whether a step works in or around one of these paths, or has unknown effects. With `content`,
        reading the files counts, too; else only their owner and mode matter."""
        return self._unknown or any(
            self._at.below(p) >= 0
            or self._near.overlapping(p) >= 0
            or (content and self._compiled.overlapping(p) >= 0)
            for p in paths
        )


def _keeps_owners(effect: Effect) -> bool:
    known = language(effect.ecosystem)
    return known is not None and effect.manager in known.owner_preserving


def _touched_paths(effect: Effect) -> Iterable[str]:
    """The paths a command works on. A command that searches does so from its working directory."""
    narrow = effect.kind in WORKS_BY_PATH or (effect.kind == "check" and effect.tool in PLAIN_CHECKS)
    places = (None if narrow else effect.cwd, *effect.reads, *effect.writes)
    return (p for p in (*places, *effect.outputs, *effect.manifests) if p and not is_named_place(p))


def _touches_system(step: Step) -> bool:
    for atom in step.atoms:
        if {e.kind for e in atom.effects} <= INSTALLS_NOTHING | {"packages"}:
            continue
        if any(
            in_package_tree(p) or inside_any(p, _PACKAGE_DATA)
            for e in atom.effects
            for p in (*e.reads, *e.writes, *e.deletes)
        ):
            return True
    return False


def _inspected_paths(effect: Effect) -> Iterable[str]:
    """Where a test or linter looks: its working directory and the paths that its words may name."""
    words = (w.value for w in effect.command.words[1:])
    named = (posixpath.join(effect.cwd or "/", w) for w in words if w and not w.startswith("-"))
    return (p for p in map(posixpath.normpath, (effect.cwd or "/", *named)) if p != "/")


class PathUses:
    """Which of the RUNs that the builder executes use files by name."""

    def __init__(self, executed: Iterable[Step]) -> None:
        self._named, self._looked = PathMarks(), PathMarks()
        for step in executed:
            for effect in step.effects:
                if effect.kind not in _BY_NAME:
                    continue
                for path in (*effect.reads, *effect.writes):
                    self._named.note(path, step.index)
                looks = effect.kind == "check" and effect.tool not in PLAIN_CHECKS
                for path in _inspected_paths(effect) if looks else ():
                    self._looked.note(path, step.index)

    def has_reader(self, paths: Iterable[str], after: int) -> bool:
        """Whether a step after index `after` uses one of these paths, or searches around it."""
        return any(self._named.below(p) > after or self._looked.overlapping(p) > after for p in paths)
