"""Runs the stages of a Dockerfile: instructions in, events with their origins out."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from slimify.context.scan import Context
from slimify.facts.images import ImageFacts
from slimify.facts.programs import lean_options
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import MANAGES_PACKAGES, READS_DIRECTORY, Effect
from slimify.semantics.copies import CopyStep
from slimify.semantics.effects.state import State
from slimify.semantics.paths import PathNumbers, is_named_place
from slimify.semantics.walk import Visit, start_state, walk
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts, mounts, split_stages
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand


class Origin(Struct, frozen=True):
    """The step that defined something. Equal origins in two files define the same.

    `name` is a context path, an address, the text of a here-document, a command with single blanks and
    without cache options, or an image or stage and a path of it of which nothing else is known.
    """

    kind: Literal["context", "address", "text", "directory", "command", "image"]
    name: str
    place: str = ""  # where a command runs, or the paths that it changes if it reads none of its directory


class Copy(CopyStep, frozen=True, kw_only=True):
    """A COPY or ADD. `stage` is set if it copies from another stage of the file, `image` if from an image."""

    stage: Stage | None = None
    image: str = ""


class Event(Struct, frozen=True, dict=True, kw_only=True):
    """One command of a RUN, or any other instruction."""

    number: int  # position in the stage, including those it builds on
    visit: Visit
    origin: Origin | None = None
    atom: int = 0
    effects: tuple[Effect, ...] = ()
    copy: Copy | None = None

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(e.kind for e in self.effects)

    @property
    def state(self) -> State:
        """The state before the instruction."""
        return self.visit.state

    @property
    def keyword(self) -> str:
        return self.visit.instruction.keyword

    @property
    def text(self) -> str:
        """The command, or the arguments of any other instruction, for messages and comparisons."""
        return self.origin.name if self.origin is not None else self.visit.instruction.value


class Inputs(Struct, frozen=True, kw_only=True):
    """What the stages of a file are executed with. `seen` are effects that a built image shows, by the text
    of the command (`plain_text`)."""

    file: Dockerfile
    context: Context
    facts_of: Callable[[str], ImageFacts | None]
    build_args: Mapping[str, str]
    seen: Mapping[str, tuple[Effect, ...]] = MappingProxyType({})
    _scopes: dict[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)

    def scopes_on(self, reference: str) -> tuple[Mapping[str, str], ...]:
        """The variables before each instruction of the file, where stages build on this image."""
        if reference not in self._scopes:
            facts = self.facts_of(reference)
            known = {k: v for k, v in facts.env.items() if v is not None} if facts is not None else None
            self._scopes[reference] = scopes(self.file, known, self.build_args)
        return self._scopes[reference]


class Stage(Struct, frozen=True, dict=True, eq=False, kw_only=True):
    """A stage after its last instruction. It is executed when something asks what it does."""

    name: str
    reference: str  # the image or stage of FROM
    parent: Stage | None
    earlier: tuple[Stage, ...]  # the stages above it in the file
    body: tuple[tuple[int, Instruction], ...]  # its instructions after FROM, with their indexes in the file
    inputs: Inputs

    @cached_property
    def facts(self) -> ImageFacts | None:
        """What is known about the image that it finally builds on."""
        return self.inputs.facts_of(self._image)

    @cached_property
    def _image(self) -> str:
        """The image that it finally builds on."""
        *_, first = self.chain
        return first.reference

    @cached_property
    def _after(self) -> tuple[tuple[Visit, ...], State]:
        """Its visits and its end. The stages above come first: a chain of many is no deep recursion."""
        views = {str(number): stage.end.view for number, stage in enumerate(self.earlier)}
        views |= {s.name: s.end.view for s in self.earlier if s.name}
        facts, context = self.facts, self.inputs.context
        start = start_state(facts, context)
        if self.parent is not None:
            start = replace(self.parent.end, variables={})  # those of the shell end with a stage
        scopes = {at: self.scopes[at] for at, _ in self.body}
        return walk(self.body, scopes, start, self.inputs.file.escape, views)

    @property
    def scopes(self) -> tuple[Mapping[str, str], ...]:
        """The variables that its instructions see, by their indexes in the file."""
        return self.inputs.scopes_on(self._image)

    @property
    def visits(self) -> tuple[Visit, ...]:
        """Its instructions after FROM, executed."""
        return self._after[0]

    @property
    def end(self) -> State:
        return self._after[1]

    @cached_property
    def own(self) -> tuple[Event, ...]:
        """Its own events."""
        before = 0
        for stage in reversed([*self.chain][1:]):  # the first one first, see `_after`
            before = len(stage.events)
        return tuple(_events(self.visits, before, self.earlier, self.inputs.seen))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All events, beginning with those of the stages that it builds on."""
        return (*self.parent.events, *self.own) if self.parent is not None else self.own

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of all its events."""
        return tuple(effect for event in self.events for effect in event.effects)

    @property
    def chain(self) -> Iterator[Stage]:
        """The stage itself, and those that it builds on."""
        stage: Stage | None = self
        while stage is not None:
            yield stage
            stage = stage.parent

    @cached_property
    def shell_settings(self) -> tuple[int, ...]:
        """The numbers of commands that change the shell of their RUN, but not its directory or variables."""
        state = (e for e in self.events if e.kinds == {"state"})
        held = ("cd", "export", "")
        return tuple(e.number for e in state if not any(f.tool in held or "=" in f.tool for f in e.effects))

    @cached_property
    def sources(self) -> frozenset[Stage]:
        """The stages that it copies from or mounts, directly or not, with those that they build on."""
        found: set[Stage] = set()
        pending = [*self.chain]
        while pending:
            stage = pending.pop()
            names = (name for _, x in stage.body for name in stages_named(x))
            for source in (stage_named(stage.earlier, name) for name in names):
                if source is not None and source not in found:
                    pending += (s for s in source.chain if s not in found)
                    found |= {*source.chain}
        return frozenset(found)

    @cached_property
    def index(self) -> PathIndex:
        """Which events touch which paths."""
        return PathIndex(self.events)


class PathIndex(PathNumbers):
    """The events of a stage by the paths that they touch."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self._copies: list[int] = []
        # per path: the events that change what it holds, and what it holds after each (see `content`)
        self.histories: dict[str, tuple[list[int], list[Any]]] = {}
        self.directories: dict[str, bool] = {}  # paths that were asked about
        for event in events:
            for path in paths_touched(event):
                self.note(path, event.number)
            if event.copy is not None and event.copy.stage is not None:
                self._copies.append(event.number)

    def touching(self, path: str) -> set[int]:
        """The numbers of the events that touch a path, a directory above it or something below it."""
        found = super().touching(path)
        return found.union(self._copies) if is_named_place(path) else found


def paths_touched(event: Event) -> Iterator[str]:
    if event.copy is not None:
        single = event.keyword == "COPY" and event.copy.stage is None
        target = (event.copy.target,) if event.copy.target is not None else ()
        yield from (event.copy.targets or ()) if single else target
        return
    if event.keyword == "WORKDIR":
        yield event.visit.directory or "/"
    for effect in event.effects:
        yield from (*effect.writes, *effect.outputs, *effect.deletes)


class Machine(Struct, frozen=True, kw_only=True):
    """A Dockerfile after execution. The last stage is the image."""

    file: Dockerfile
    stages: tuple[Stage, ...]

    @property
    def final(self) -> Stage:
        return self.stages[-1]


def execute(
    file: Dockerfile,
    context: Context,
    facts_of: Callable[[str], ImageFacts | None],
    build_args: Mapping[str, str],
    seen: Mapping[str, tuple[Effect, ...]] = MappingProxyType({}),
) -> Machine:
    """The stages of a file, executed. `facts_of` describes a base image by its reference."""
    inputs = Inputs(file=file, context=context, facts_of=facts_of, build_args=build_args, seen=seen)
    stages: list[Stage] = []
    places = {id(x): i for i, x in enumerate(file.instructions)}
    plain = scopes(file, {}, build_args)
    for start, *body in split_stages(file):
        parts = from_parts(start)
        reference = expand(parts.image, plain[places[id(start)]], file.escape) or parts.image
        parent = stage_named(stages, reference)
        stages.append(
            Stage(
                name=(parts.alias or "").lower(),
                reference=reference,
                parent=parent,
                earlier=tuple(stages),
                body=tuple((places[id(x)], x) for x in body),
                inputs=inputs,
            )
        )
    return Machine(file=file, stages=tuple(stages))


def stages_named(instruction: Instruction) -> Iterator[str]:
    """The stages and images that an instruction copies from or mounts."""
    if instruction.keyword in ("COPY", "ADD"):
        yield copy_parts(instruction).from_stage or ""
    elif instruction.keyword == "RUN" and instruction.flags:
        yield from (m.from_stage or "" for m in mounts(instruction))


def stage_named(stages: Sequence[Stage], name: str) -> Stage | None:
    """The earlier stage with this name or number."""
    if name.isdigit() and int(name) < len(stages):
        return stages[int(name)]
    return next((s for s in reversed(stages) if s.name and s.name == name.lower()), None)


def _events(
    visits: Sequence[Visit],
    begin: int,
    stages: Sequence[Stage],
    seen: Mapping[str, tuple[Effect, ...]],
) -> Iterator[Event]:
    number = begin
    for visit in visits:
        if visit.copy is not None:
            yield Event(number=number, visit=visit, copy=_copy(visit.copy, stages))
            number += 1
            continue
        for at, effects in enumerate(visit.effects):
            words = visit.instruction.exec_form
            raw = visit.script.source_of(at) if words is None else shlex.join(words)  # as a shell has it
            effects = seen.get(plain_text(raw, ()), effects)
            text = plain_text(raw, effects)
            cwd = next((e.cwd for e in effects if e.cwd), visit.state.cwd)
            origin = Origin("command", text, _place(effects, cwd or ""))
            yield Event(number=number, visit=visit, origin=origin, atom=at, effects=effects)
            number += 1
        if not visit.effects:
            yield Event(number=number, visit=visit, origin=_origin(visit))
            number += 1


def _place(effects: Sequence[Effect], cwd: str) -> str:
    if any(e.kind in READS_DIRECTORY for e in effects):
        return cwd
    return " ".join(p for e in effects for p in (*e.writes, *e.deletes) if e.kind not in MANAGES_PACKAGES)


def plain_text(text: str, effects: Sequence[Effect]) -> str:
    """A command with single blanks, without options that leave out caches or development dependencies."""
    plain = f" {text} ".replace("\\\n", " ")
    plain = f" {' '.join(plain.split())} "
    for option in lean_options(frozenset(e.ecosystem or e.manager for e in effects)):
        while f" {option} " in plain:
            plain = plain.replace(f" {option} ", " ")
    return plain.strip()


def _origin(visit: Visit) -> Origin | None:
    instruction = visit.instruction
    if instruction.keyword == "WORKDIR" and visit.state.cwd is not None:
        return Origin("directory", visit.directory or "")
    if instruction.keyword != "RUN":
        return None
    text = instruction.value + "".join(h.body for h in instruction.heredocs)
    return Origin("command", " ".join(text.split()), visit.state.cwd or "")


def _copy(step: CopyStep, stages: Sequence[Stage]) -> Copy:
    source = step.parts.from_stage
    stage = stage_named(stages, source) if source is not None else None
    return Copy(**asdict(step), stage=stage, image=source or "" if stage is None else "")
