"""Compares the stages of an old and a new Dockerfile: which commands of both are the same.

Both files are executed by the same machine. Nothing here knows how the new file was planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.closed_worlds import mounted_sources, unknown_programs
from slimify.analysis.program import Program, RuntimeNeeds
from slimify.facts.system import is_plain_root
from slimify.languages import Language, language
from slimify.model.effects import NOT_FOR_RUN_TIME, Effect
from slimify.semantics.machine.content import brought_events
from slimify.semantics.machine.matches import identity, repeated
from slimify.semantics.machine.stages import Event, Machine, Origin, Stage
from slimify.validation.software import Packages


class Pair(Struct, frozen=True, dict=True, kw_only=True):
    """A stage of the new file, and the stage of the old file that does its work."""

    old: Stage
    new: Stage
    last: bool  # the new stage is the image
    program: Program
    user: str  # that the plan adds, or ""
    alone: bool = False  # the new image is made of this stage only

    @cached_property
    def _repeated(self) -> tuple[tuple[Event, Event], ...]:
        return tuple(repeated(self.old.events, self.new.events, installs=True))

    @cached_property
    def matches(self) -> Mapping[int, Event]:
        """The step of the old stage that equals a step of the new stage, by its event number; the first one
        for a step that is repeated once more. What leaves nothing is new in another shell."""
        first = {e.origin: e for e in reversed(self.old.events) if e.origin is not None}
        again = ((e, first[e.origin]) for e in self.new.events if e.origin in first)
        lasting = {
            e.number: o for e, o in again if e.state.shell == o.state.shell or e.kinds - NOT_FOR_RUN_TIME
        }
        return lasting | {new.number: old for old, new in self._repeated if identity(old) == identity(new)}

    @cached_property
    def executed(self) -> frozenset[int]:
        """The numbers of the old events that the new stage executes."""
        return frozenset(event.number for event in self.matches.values())

    @cached_property
    def edited(self) -> Mapping[int, Event]:
        """The command of the old stage that the new one executes with other words, by the number of the new
        event."""
        return {new.number: old for old, new in self._repeated if identity(old) != identity(new)}

    @cached_property
    def idle(self) -> frozenset[Origin]:
        """The commands of the old stage that leave nothing but caches and empty directories."""
        return frozenset(_idle(self.old.events))

    @cached_property
    def brought(self) -> tuple[tuple[int, str], ...]:
        """Where COPYs of the old stage put what they bring from elsewhere, each with the event."""
        copies = (e for e in self.old.events if e.copy is not None and (e.copy.stage or e.copy.image))
        return tuple((e.number, target) for e in copies for target in e.visit.copy_targets or ())

    @cached_property
    def packages(self) -> tuple[Packages, Packages]:
        """The system packages of both stages over time, the old one first."""
        return Packages(self.old.events), Packages(self.new.events)

    @cached_property
    def manifests(self) -> frozenset[str]:
        """The manifests that commands of the old stage read."""
        return frozenset(m for e in self.old.effects for m in e.manifests)

    @cached_property
    def installed(self) -> Mapping[tuple[str, str], int]:
        """Where installs of the old stage put packages, by ecosystem, each with the first such event."""
        found: dict[tuple[str, str], int] = {}
        for event in self.old.events:
            for effect in event.effects:
                for path in effect.writes if effect.kind == "install" and effect.ecosystem else ():
                    found.setdefault((effect.ecosystem, path), event.number)
        return found

    def commands(self) -> Iterator[tuple[Event, Event | None]]:
        """The commands of the new stage, each with its match in the old stage."""
        for event in self.new.events:
            if event.keyword == "RUN":
                yield event, self.matches.get(event.number)


class Comparison(Struct, frozen=True, dict=True, kw_only=True):
    """An old and a new file, executed. `program` is the old one, analyzed: its runtime needs are the roots.
    `user` is the account that the new image gets on request, or "". `kept` are paths that the user asked to
    copy, `left_out` packages that may go where nothing is known to use them."""

    old: Machine
    new: Machine
    program: Program
    user: str = ""
    kept: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()

    @property
    def needs(self) -> RuntimeNeeds:
        return self.program.runtime_needs

    @cached_property
    def own(self) -> Language | None:
        """The language of the application."""
        return language(self.program.language)

    @cached_property
    def compiled(self) -> Language | None:
        """The language of the application, if it is compiled and run time starts no program of it."""
        start = self.needs.start
        idle = self.own is not None and self.own.is_compiled and bool(start)
        return self.own if idle and all(e.ecosystem != self.program.language for e in start) else None

    @cached_property
    def programs_are_known(self) -> bool:
        """Whether every program that can be started at run time is known."""
        return self._knows_programs(self.needs)

    @cached_property
    def start_is_known(self) -> bool:
        """Whether everything that the image starts by constant names is known, and its sources were read."""
        needs = replace(self.needs, dynamic=())
        return self._knows_programs(needs) and not needs.sources.skipped

    def _knows_programs(self, needs: RuntimeNeeds) -> bool:
        program = self.program
        mounted = mounted_sources(program.mounts, program.end_state.cwd)
        brought = brought_events(self.old)
        return unknown_programs(needs, self.effects, program.base, program.context, mounted, brought) is None

    @cached_property
    def only_root(self) -> bool:
        """Whether root runs all that the image starts, who may read and write whatever the owner is."""
        return is_plain_root(self.new.final.end.user) and not self.needs.changes_user

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The stages that the new image is made of, the image last."""
        if len(self.old.stages) == len(self.new.stages):
            both = zip(self.old.stages, self.new.stages, strict=True)
            return tuple(self._pair(o, n) for o, n in both)
        same = dict(zip(self.new.stages, self.old.stages[:-1], strict=False))  # the image has one of its own
        return tuple(self._pair(self._twin(n, same), n) for n in _used_stages(self.new.final))

    def _twin(self, new: Stage, same: Mapping[Stage, Stage]) -> Stage:
        """The old stage that does the work of a new one: of one that only continues an earlier stage, that
        stage; of others without a twin, the image."""
        known = same.get(new.parent) if new.parent is not None else None
        moved = {event.origin for event in self.old.final.own}
        continues = known is not None and all(event.origin not in moved for event in new.own)
        return same.get(new) or (known if known is not None and continues else self.old.final)

    def _pair(self, old: Stage, new: Stage) -> Pair:
        last = new is self.new.final
        alone = last and len(self.new.stages) == len(self.old.stages)
        alone = alone and (old.parent is None) == (new.parent is None)  # or what it built on is copied from
        return Pair(old=old, new=new, last=last, program=self.program, user=self.user, alone=alone)

    @cached_property
    def idle(self) -> frozenset[Origin]:
        """The commands of the old file that leave nothing but caches and empty directories."""
        return frozenset(_idle(event for stage in self.old.stages for event in stage.own))

    @cached_property
    def making(self) -> frozenset[Origin]:
        """The commands of the old image that make files of the application."""
        kinds = {"build", "app", "fetch", "unpack", "files"}
        return frozenset(e.origin for e in self.old.final.events if e.origin is not None and e.kinds & kinds)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of the old image's commands."""
        return self.old.final.effects


def _idle(events: Iterable[Event]) -> Iterator[Origin]:
    for event in events:
        lasts = any(e.kind not in NOT_FOR_RUN_TIME and e.tool != "mkdir" for e in event.effects)
        if event.origin is not None and not lasts:
            yield event.origin


def _used_stages(stage: Stage) -> Iterator[Stage]:
    """The stages that a stage copies from, and the stage itself, without those it builds on."""
    seen: list[Stage] = []
    for event in stage.events:
        if event.copy is not None and event.copy.stage is not None:
            seen += (s for s in _used_stages(event.copy.stage) if s not in seen)
    yield from (s for s in seen if s is not stage)
    yield stage
