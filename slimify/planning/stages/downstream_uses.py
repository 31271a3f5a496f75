"""What the builder does behind a step: the steps are read once, from the last one on."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from slimify.analysis.program import Step
from slimify.facts.system import is_packages
from slimify.languages import language
from slimify.model.effects import (
    CHANGES_FILES,
    INSTALLS_NOTHING,
    RUNS_CODE,
    USES_PACKAGE_LISTS,
    WORKS_BY_PATH,
    Effect,
)
from slimify.planning.final_stage.steps import PLAIN_CHECKS
from slimify.semantics.paths import PathMarks, inside_any

# Directories that packages fill beside those of their own: a build step that works there may count on one.
_FILLED = ("/var", "/srv", "/run")
# Effects that use files by their names only, wherever they are executed.
_BY_NAME = CHANGES_FILES | {"check", "system", "app"}
_INSTALLING = USES_PACKAGE_LISTS | RUNS_CODE
# The compiler reads sources: their owner and mode are nothing to it.
_COMPILES = frozenset({"build", "install", "get", "mod download", "mod vendor", "mod tidy"})


class Later:
    """Questions about the steps noted so far: those that the builder executes behind the one at hand."""

    def __init__(self, foreign: frozenset[str] = frozenset()) -> None:
        self.foreign = foreign  # directories of what the builder does not call
        self._near, self._compiled, self._at = PathMarks(), PathMarks(), PathMarks()
        self._kept = PathMarks()
        self._tools: set[str] = set()
        self._anything = self._unknown = False
        self.works_in_system = False  # one reads or writes where system packages put their files
        self.needs_users = False  # an owner is named, or a user changed to
        self.needs_lists = False  # one may install packages, by the lists that were fetched before

    def note(self, step: Step) -> None:
        """`step` is executed in the builder, in front of all that were noted before."""
        if step.state.cwd is not None:
            self._at.note(step.state.cwd)
        for effect in step.effects:
            compiles = effect.kind == "compile" and effect.action in _COMPILES
            marks = self._compiled if compiles else self._near
            for path in _places(effect):
                marks.note(path)
            if effect.kind == "install" and _keeps_owners(effect):
                for path in effect.writes:
                    self._kept.note(path)
            self._tools |= {effect.tool, *effect.tools}
            self._unknown |= effect.kind == "unknown"
            self._anything |= effect.kind == "unknown" or effect.writes_anywhere
        self.works_in_system |= step.keyword == "RUN" and _in_system(step)
        self.needs_lists |= any(e.kind in _INSTALLING or e.writes_anywhere for e in step.effects)
        owners = step.keyword == "USER" or "--chown" in step.instruction.raw
        self.needs_users |= owners or any(e.kind in ("meta", "users") for e in step.effects)

    def calls(self, names: Iterable[str]) -> bool:
        """A step calls one of these programs; one that may do anything counts."""
        return self._anything or any(name in self._tools for name in names)

    def keeps_owner(self, paths: Iterable[str]) -> bool:
        """An installer that gives what it writes to the directory's owner fills one of these directories."""
        return any(self._kept.below(p) >= 0 for p in paths)

    def works_near(self, paths: Iterable[str], *, content: bool) -> bool:
        """A step works in, on or around one of these paths, or may do anything. `content`: what the
        files hold is at stake, not just their owner and mode."""
        return self._unknown or any(
            self._at.below(p) >= 0
            or self._near.touching(p) >= 0
            or (content and self._compiled.touching(p) >= 0)
            for p in paths
        )


def _keeps_owners(effect: Effect) -> bool:
    known = language(effect.ecosystem)
    return known is not None and effect.manager in known.owner_keeping


def _places(effect: Effect) -> Iterable[str]:
    """Where a command works: on the files it names; what looks around starts where it is executed."""
    narrow = effect.kind in WORKS_BY_PATH or (effect.kind == "check" and effect.tool in PLAIN_CHECKS)
    places = (None if narrow else effect.cwd, *effect.reads, *effect.writes)
    return (p for p in (*places, *effect.outputs, *effect.manifests) if p and p[0] != "@")


def _in_system(step: Step) -> bool:
    for atom in step.atoms:
        if {e.kind for e in atom.effects} <= INSTALLS_NOTHING | {"packages"}:
            continue
        if any(
            is_packages(p) or inside_any(p, _FILLED)
            for e in atom.effects
            for p in (*e.reads, *e.writes, *e.deletes)
        ):
            return True
    return False


def _looked_at(effect: Effect) -> Iterable[str]:
    """Where a test or a linter looks: around where it is executed, and at what its words may name."""
    words = (w.value for w in effect.command.words[1:])
    named = (posixpath.join(effect.cwd or "/", w) for w in words if w and not w.startswith("-"))
    return (p for p in map(posixpath.normpath, (effect.cwd or "/", *named)) if p != "/")


class Readers:
    """Which steps of the builder use files by name: those of `executed`, the RUNs it executes."""

    def __init__(self, executed: Iterable[Step]) -> None:
        self._named, self._looked = PathMarks(), PathMarks()
        for step in executed:
            for effect in step.effects:
                if effect.kind not in _BY_NAME:
                    continue
                for path in (*effect.reads, *effect.writes):
                    self._named.note(path, step.index)
                looks = effect.kind == "check" and effect.tool not in PLAIN_CHECKS
                for path in _looked_at(effect) if looks else ():
                    self._looked.note(path, step.index)

    def use(self, places: Iterable[str], after: int) -> bool:
        """A step behind `after` works on what lies at these places, or looks for it around there."""
        return any(self._named.below(p) > after or self._looked.touching(p) > after for p in places)
