"""Compares the stages of an old and a new Dockerfile: which commands of both are the same.

Both files are executed by the same machine. Nothing here knows how the new file was planned.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.closed_worlds import started_programs
from slimify.analysis.program import Program, RuntimeNeeds
from slimify.model.effects import NOT_FOR_RUN_TIME, Effect
from slimify.semantics.machine.stages import Event, Machine, Origin, Stage
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs


class Pair(Struct, frozen=True, dict=True, kw_only=True):
    """A stage of the new file, and the stage of the old file that does its work."""

    old: Stage
    new: Stage
    last: bool  # the new stage is the image
    program: Program
    user: str  # that the plan adds, or ""
    alone: bool = False  # the new image is made of this stage only

    @cached_property
    def matches(self) -> Mapping[int, Event]:
        """The command of the old stage that equals a command of the new stage, by its event number. Equal
        commands are paired in order, first those that stand beside the same command in both stages."""
        waiting: dict[Origin, list[Event]] = defaultdict(list)
        for event in self.old.events:
            if event.origin is not None:
                waiting[event.origin].append(event)
        first = {origin: same[0] for origin, same in waiting.items()}
        several = {origin for origin, same in waiting.items() if len(same) > 1}
        found: dict[int, Event] = {}
        for event in self.new.events if several else ():
            if event.origin in several:
                beside = _neighbours(self.new, event)
                for other in waiting[event.origin][:_CANDIDATES]:
                    if beside & _neighbours(self.old, other):
                        found[event.number] = other
                        waiting[event.origin].remove(other)
                        break
        for event in self.new.events:
            if event.number not in found and event.origin is not None and event.origin in waiting:
                same = waiting[event.origin]
                found[event.number] = same.pop(0) if same else first[event.origin]
        return found

    @cached_property
    def executed(self) -> frozenset[int]:
        """The numbers of the old events that the new stage executes."""
        return frozenset(event.number for event in self.matches.values())

    @cached_property
    def edited(self) -> Mapping[int, Event]:
        """The command of the old stage that installs with other packages in the new one, by the number of the
        new event. Commands of the same program are paired in order."""
        waiting = [e for e in self.old.events if e.kinds == {"packages"} and e.number not in self.executed]
        found: dict[int, Event] = {}
        for event in self.new.events:
            if event.kinds != {"packages"} or event.number in self.matches:
                continue
            tools = [e.tool for e in event.effects]
            same = next((w for w in waiting if [e.tool for e in w.effects] == tools), None)
            if same is not None:
                waiting.remove(same)
                found[event.number] = same
        return found

    @cached_property
    def lasting(self) -> frozenset[Origin]:
        """The commands of the old stage that leave more than caches and empty directories."""
        return frozenset(
            event.origin for event in self.old.events if event.origin is not None and _lasts(event)
        )

    @cached_property
    def manifests(self) -> frozenset[str]:
        """The manifests that commands of the old stage read."""
        return frozenset(m for event in self.old.events for e in event.effects for m in e.manifests)

    @cached_property
    def installed(self) -> Mapping[tuple[str, str], int]:
        """Where installs of the old stage put packages, by ecosystem, each with the first such event."""
        found: dict[tuple[str, str], int] = {}
        for event in self.old.events:
            for effect in event.effects:
                for path in effect.writes if effect.kind == "install" and effect.ecosystem else ():
                    found.setdefault((effect.ecosystem, path), event.number)
        return found

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The names of the programs that commands of the old stage build."""
        return frozenset(
            posixpath.basename(o) for event in self.old.events for e in event.effects for o in e.outputs
        )

    @cached_property
    def declared(self) -> Mapping[str, int]:
        """The variables that the old stage sets, each with the event that sets it first."""
        found: dict[str, int] = {}
        for event in self.old.events:
            instruction = event.visit.instruction
            if event.keyword == "ENV":
                names = [name for name, _ in env_pairs(instruction)]
            elif event.keyword == "ARG":
                names = [name for name, _ in arg_names(instruction)]
            else:
                continue
            for name in names:
                found.setdefault(name, event.number)
        return found

    def commands(self) -> Iterator[tuple[Event, Event | None]]:
        """The commands of the new stage, each with its match in the old stage."""
        for event in self.new.events:
            if event.keyword == "RUN":
                yield event, self.matches.get(event.number)


_CANDIDATES = 20  # equal commands that are compared by their neighbours


def _neighbours(stage: Stage, event: Event) -> frozenset[tuple[int, Origin]]:
    """The commands before and after one, each with the side that it is on."""
    sides = ((side, event.number + side) for side in (-1, 1))
    near = ((side, stage.events[n].origin) for side, n in sides if 0 <= n < len(stage.events))
    return frozenset((side, origin) for side, origin in near if origin is not None)


class Comparison(Struct, frozen=True, dict=True, kw_only=True):
    """An old and a new file, executed. `program` is the old one, analyzed: its runtime needs are the roots.
    `user` is the account that the new image gets on request, or "". `kept` are paths that the user asked to
    copy."""

    old: Machine
    new: Machine
    program: Program
    user: str = ""
    kept: tuple[str, ...] = ()

    @property
    def needs(self) -> RuntimeNeeds:
        return self.program.runtime_needs

    @property
    def language(self) -> str | None:
        return self.program.language

    @cached_property
    def programs_are_known(self) -> bool:
        """Whether every program that can be started at run time is known."""
        program = self.program
        return started_programs(self.needs, self.effects, program.base, program.context).holds

    @cached_property
    def start_is_known(self) -> bool:
        """Whether everything that the image starts by constant names is known, and its sources were read."""
        program, needs = self.program, replace(self.needs, dynamic=())
        known = started_programs(needs, self.effects, program.base, program.context).holds
        return known and not needs.sources.skipped

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The stages that the new image is made of, the image last."""
        if len(self.old.stages) == len(self.new.stages):
            both = zip(self.old.stages, self.new.stages, strict=True)
            return tuple(self._pair(o, n) for o, n in both)
        return tuple(self._pair(self.old.final, n) for n in _used_stages(self.new.final))

    def _pair(self, old: Stage, new: Stage) -> Pair:
        last = new is self.new.final
        alone = last and len(self.new.stages) == len(self.old.stages)
        return Pair(old=old, new=new, last=last, program=self.program, user=self.user, alone=alone)

    @cached_property
    def idle(self) -> frozenset[Origin]:
        """The commands of the old file that leave nothing but caches and empty directories."""
        return frozenset(
            event.origin
            for stage in self.old.stages
            for event in stage.own
            if event.origin is not None and not _lasts(event)
        )

    @cached_property
    def making(self) -> frozenset[Origin]:
        """The commands of the old image that make files of the application."""
        kinds = {"build", "app", "fetch", "unpack", "files"}
        return frozenset(e.origin for e in self.old.final.events if e.origin is not None and e.kinds & kinds)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of the old image's commands."""
        return tuple(e for event in self.old.final.events for e in event.effects)


def _lasts(event: Event) -> bool:
    return any(e.kind not in NOT_FOR_RUN_TIME and e.tool != "mkdir" for e in event.effects)


def _used_stages(stage: Stage) -> Iterator[Stage]:
    """The stages that a stage copies from, and the stage itself, without those it builds on."""
    seen: list[Stage] = []
    for event in stage.events:
        if event.copy is not None and event.copy.stage is not None:
            seen += (s for s in _used_stages(event.copy.stage) if s not in seen)
    yield from (s for s in seen if s is not stage)
    yield stage
