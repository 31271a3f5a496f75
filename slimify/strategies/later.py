"""What the steps behind a given one do up to the last build step: read once, then asked for each step."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.classify.paths import PathMarks, inside_any
from slimify.classify.program import Program, Step
from slimify.strategies.finalsteps import PLAIN_CHECKS, QUIET

# Directories that packages fill: a build step that works there may count on one of them.
_SYSTEM = ("/etc", "/var", "/usr/share", "/usr/lib", "/usr/bin", "/usr/sbin", "/srv", "/run", "/lib")
# Effects that use files by their names only, wherever they are executed.
_BY_NAME = frozenset({"files", "meta", "check", "system", "app"})


class Later:
    """Questions about the instructions with an index above `after` and not above `last`.

    Every answer is a comparison with the last instruction that does a thing, so that a file of many
    steps is read once.
    """

    def __init__(self, program: Program, last: int) -> None:
        self._near, self._at = PathMarks(), PathMarks()
        self._tools: dict[str, int] = {}
        self._anything = self._unknown = self._system = self._users = -1
        for step in program.steps:
            if step.index <= last:
                self._read(step)

    def _read(self, step: Step) -> None:
        index = step.index
        if step.state.cwd is not None:
            self._at.note(step.state.cwd, index)
        for effect in step.effects:
            near = (effect.cwd, *effect.reads, *effect.writes, *effect.outputs, *effect.manifests)
            for path in near:
                if path and path[0] != "@":
                    self._near.note(path, index)
            for tool in (effect.tool, *effect.tools):
                self._tools[tool] = index
            if effect.kind == "unknown":
                self._unknown = index
            if effect.kind == "unknown" or effect.anywhere:
                self._anything = index
        if step.keyword == "RUN" and _in_system(step):
            self._system = index
        owners = step.keyword == "USER" or "--chown" in step.instruction.raw
        if owners or any(e.kind == "meta" for e in step.effects):
            self._users = index

    def works_in_system(self, after: int) -> bool:
        """A build step reads or writes where system packages put their files."""
        return self._system > after

    def needs_users(self, after: int) -> bool:
        """An owner is named, or a user changed to."""
        return self._users > after

    def calls(self, names: Iterable[str], after: int) -> bool:
        """A build step calls one of these programs; one that may do anything counts."""
        return self._anything > after or any(self._tools.get(name, -1) > after for name in names)

    def works_near(self, paths: Iterable[str], after: int) -> bool:
        """A step works in, on or around one of these paths, or may do anything."""
        if self._unknown > after:
            return True
        return any(self._at.below(p) > after or self._near.touching(p) > after for p in paths)


def _in_system(step: Step) -> bool:
    for atom in step.atoms:
        if {e.kind for e in atom.effects} <= QUIET | {"packages"}:
            continue
        if any(inside_any(p, _SYSTEM) for e in atom.effects for p in (*e.reads, *e.writes)):
            return True
    return False


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
                if looks and effect.cwd is not None and effect.cwd != "/":
                    self._looked.note(effect.cwd, step.index)  # a test or a linter

    def use(self, places: Iterable[str], after: int) -> bool:
        """A step behind `after` works on what lies at these places, or looks for it around there."""
        return any(self._named.below(p) > after or self._looked.touching(p) > after for p in places)
