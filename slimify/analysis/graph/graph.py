"""The def-use graph of a stage: each step with what it defines, deletes and may read.

In: the visits of a stage. Out: a `Graph`. Its edges are looked up, not stored: the definitions of a path, and
what becomes of it later.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from slimify.facts.system import is_shared_directory
from slimify.model.effects import LEAVES_NOTHING, MANAGES_PACKAGES, RUNS_CODE, WORKS_BY_PATH, Effect
from slimify.model.regex import regex
from slimify.semantics.effects.state import State
from slimify.semantics.paths import (
    PathMarks,
    PathNumbers,
    covers,
    inside,
    is_glob,
    is_named_place,
    literal_part,
    overlap,
)
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import CopyParts, copy_parts

AtomKey = tuple[int, int]  # instruction, atom; the atom of a COPY is 0

_READS_NO_FILES = MANAGES_PACKAGES | {"cache"}  # reads no files of the context
_READS_NAMED_PATHS = WORKS_BY_PATH | LEAVES_NOTHING  # reads only the paths it names, not its directory
# A path as a word or as the value of an option: `/proto/a.proto`, `-I/proto`, `--proto_path=../proto`.
_PATH = regex(r"(?:\A|[=:]|\A-[A-Za-z])((?:\.\./|/)[^\s=:]*)")


class Node(Struct, frozen=True, dict=True):
    """A command of a RUN, a COPY or an ADD. `number` is the position of its first effect in the stage."""

    number: int
    key: AtomKey
    visit: Visit
    effects: tuple[Effect, ...] = ()

    @property
    def is_copy(self) -> bool:
        """Whether it is a COPY or an ADD."""
        return self.visit.instruction.keyword in ("COPY", "ADD")

    @property
    def state(self) -> State:
        """The state before the instruction."""
        return self.visit.state

    @property
    def user(self) -> str:
        """The user that what it makes belongs to."""
        return (self.parts.chown or "root") if self.is_copy else self.state.user

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(e.kind for e in self.effects)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return tuple(r for e in self.effects for r in e.reads)

    @cached_property
    def writes(self) -> tuple[str, ...]:
        return tuple(w for e in self.effects for w in e.writes)

    @cached_property
    def deletes(self) -> tuple[str, ...]:
        return tuple(d for e in self.effects for d in e.deletes)

    @cached_property
    def defines(self) -> tuple[str, ...]:
        """The paths whose content it makes; a change of owner or mode makes none."""
        if self.is_copy:
            return self.visit.copy_targets or ()
        return tuple(p for e in self.effects if e.kind != "meta" for p in (*e.writes, *e.outputs))

    @cached_property
    def makes_directories(self) -> bool:
        """Whether it only makes directories, and nothing in them."""
        return all(e.tool == "mkdir" or e.kind in LEAVES_NOTHING for e in self.effects) and bool(self.effects)

    @cached_property
    def uses(self) -> tuple[tuple[Effect, tuple[str, ...] | None], ...]:
        """Its effects that may read or work on files, each with the places, None for any."""
        found = ((e, _may_read(e)) for e in self.effects)
        return tuple((e, places) for e, places in found if places is None or places)

    def may_use(self, paths: Sequence[str]) -> bool:
        """Whether it may read or change one of the paths, apart from deleting it. A change of the owner of
        all that is below a directory uses nothing of it."""
        if self.kinds & RUNS_CODE:
            return True
        reach = inside if "meta" in self.kinds else meets
        return any(
            places is None or any(reach(p, path) for p in places for path in paths) for _, places in self.uses
        )

    # --- COPY and ADD --------------------------------------------------------------------------------

    @cached_property
    def parts(self) -> CopyParts:
        return copy_parts(self.visit.instruction)

    def brings(self, path: str, *, anyway: bool = False) -> bool:
        """Whether it may create what a path or glob names, or something below that; `anyway`: also if this
        checkout has no such file."""
        if not any(
            covers(path, t) or overlap(t, literal_part(path)) for t in self.visit.copy_targets or ("/",)
        ):
            return False
        assert self.visit.copy is not None
        view = self.visit.copy.view
        if anyway and view.may_bring(literal_part(path)):
            return True
        if self.parts.from_stage or self.visit.instruction.heredocs or not view.copies:
            return True
        if not is_glob(path):
            return view.context_path(path) is not None or bool(view.under(path))
        return any(covers(path, name) for name in view.under(literal_part(path)))


class Graph(Struct, frozen=True, dict=True):
    """The steps of a stage, in order."""

    visits: tuple[Visit, ...]
    nodes: tuple[Node, ...]

    @cached_property
    def workdirs(self) -> frozenset[str]:
        """The working directories of all instructions, which every stage has that repeats them."""
        return frozenset(v.state.cwd for v in self.visits if v.state.cwd not in (None, "/"))

    @cached_property
    def _definitions(self) -> PathNumbers:
        found = PathNumbers()
        for at, node in enumerate(self.nodes):
            for path in node.defines:
                found.note(path, at)
        return found

    @cached_property
    def _deletions(self) -> PathMarks:
        found = PathMarks()
        for node in self.nodes:
            for position, effect in enumerate(node.effects):
                for path in effect.deletes:
                    found.note(path, node.number + position)
        return found

    def definitions(self, path: str, before: Node) -> Iterator[Node]:
        """The steps before a step that define what a path or glob names, a directory above that, or
        something below it."""
        place = literal_part(path)
        for node in (self.nodes[at] for at in sorted(self._definitions.touching(place))):
            if node.number >= before.number:
                return
            if any(
                meets(path, p) and not (node.makes_directories and p != path and inside(place, p))
                for p in node.defines
            ):
                yield node

    def deleted_at(self, path: str) -> int:
        """The position of the last effect that deletes a path or a directory above it; -1 for none."""
        return -1 if is_named_place(path) else self._deletions.containing(path)

    @cached_property
    def manifests(self) -> frozenset[str]:
        """The manifests that installers read."""
        return frozenset(m for n in self.nodes for e in n.effects for m in e.manifests)

    @cached_property
    def last_copies(self) -> Mapping[str, int]:
        """The files of COPY and ADD, each with the number of the last step that copies it."""
        return {name: n.number for n in self.nodes if n.is_copy for name in n.visit.copied_files or ()}


def graph_of(visits: Sequence[Visit]) -> Graph:
    """The graph of a stage."""
    nodes: list[Node] = []
    number = 0
    for visit in visits:
        if visit.instruction.keyword in ("COPY", "ADD"):
            nodes.append(Node(number, (visit.index, 0), visit))
            number += 1
        for atom, effects in enumerate(visit.effects):
            nodes.append(Node(number, (visit.index, atom), visit, effects))
            number += max(1, len(effects))
    return Graph(tuple(visits), tuple(nodes))


def _may_read(effect: Effect) -> tuple[str, ...] | None:
    """The places that an effect may read or work in; None if it may be any."""
    if effect.kind in _READS_NO_FILES:
        return ()
    narrow = effect.kind in _READS_NAMED_PATHS
    if (effect.cwd is None and not narrow) or effect.reads_anything:
        return None
    named = (*effect.reads, *effect.manifests, *effect.writes, *effect.outputs)
    places = named if narrow else (effect.cwd or "", *_inputs(effect), *named)
    return tuple(p for p in places if p and not is_named_place(p))


def _inputs(effect: Effect) -> Iterator[str]:
    """The paths outside its working directory that a compiler or bundler may read: those that its arguments
    name, and the parent of its working directory, where a larger project keeps shared settings and sources
    (`extends: ../tsconfig.json`)."""
    if effect.kind != "build":
        return
    cwd = effect.cwd or "/"
    words = (w.value or "" for w in effect.command.words[1:])
    named = (posixpath.normpath(posixpath.join(cwd, path)) for word in words for path in _PATH.findall(word))
    yield from (p for p in (posixpath.dirname(cwd), *named) if not is_shared_directory(p))


def meets(path: str, other: str) -> bool:
    """Whether a path, or what a glob names, is above, at or below what another one names."""
    above = inside(literal_part(path), other) or inside(literal_part(other), path)
    return above or covers(path, other) or covers(other, path)
