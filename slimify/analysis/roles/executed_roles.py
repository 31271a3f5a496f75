"""The verdicts that `explain` prints. The role of a step is where the chosen plan executes it. A plan that
keeps a single stage leaves a choice: there, the role is where the step would have to be executed.

The abstract machine executes the user's file and the new one. A step is executed where a stage of the new
file has the same event: of the same origin, or, if the plan has edited it, one that does a part of its work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.program import AtomStep, Program, Step
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.carried import installed
from slimify.facts.programs import only_waits
from slimify.facts.system import exists_everywhere
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason, Role
from slimify.model.dockerfile import Instruction
from slimify.model.plan import Plan
from slimify.semantics.paths import overlap
from slimify.syntax.dockerfile.instructions import split_stages

if TYPE_CHECKING:
    from slimify.semantics.machine.stages import Copy, Event, Machine, Stage

_Judged = tuple[Role, tuple[Reason, ...]]
# They say what a step is, not where it is executed.
_FITS_EVERY_ROLE = frozenset({"SL200", "SL218", "SL220", "SL223"})
_CONFIGURES = (Reason.of("SL200", "configuration"),)
_REMOVED = frozenset({"removed", "removed_group"})  # forms of SL201: gone before the RUN ends
# Decisions of a plan that removes packages in place.
_REMOVALS = frozenset({("SL201", "in_place"), ("SL351", "one_layer"), ("SL351", "one_layer_stay")})


class Execution(Struct, frozen=True, kw_only=True):
    """Where a file executes the user's steps: "build" stands for a stage that the final image copies from,
    "run" for one that it consists of.

    `stages` says it for each stage but the last, all of which every plan keeps, `steps` for each step that is
    executed at all. `installs` are the packages that the commands of the final stage name.
    """

    final: Stage
    stages: tuple[Role | None, ...]
    steps: Mapping[AtomKey, Role]
    installs: Mapping[AtomKey, frozenset[str]]

    @property
    def separated(self) -> bool:
        """Whether the final image copies from another stage."""
        return bool(self.final.sources)


def execution(old: Machine, new: Machine) -> Execution:
    """Where the new file executes the steps of the old one."""
    from slimify.semantics.machine.content import content_at
    from slimify.semantics.machine.matches import identity, repeated

    image, sources = {*new.final.chain}, new.final.sources
    kept = new.stages[: len(old.stages) - 1]
    stages = tuple(_joined("build" if s in sources else None, "run" if s in image else None) for s in kept)
    steps: dict[AtomKey, Role | None] = {}
    installs: dict[AtomKey, frozenset[str]] = {}

    def note(event: Event, role: Role | None) -> None:
        key = event.visit.index, event.atom
        steps[key] = _joined(steps.get(key), role)

    for stage, place in zip(old.stages, stages, strict=False):
        for event in stage.own:
            note(event, place)
    for stage in (new.final, *(s for s in sources if s not in kept)):
        here: Role = "run" if stage is new.final else "build"
        for step, event in repeated(old.final.events, stage.events):
            note(step, here)
            if stage is new.final:
                named = frozenset(p.name for e in event.effects for p in e.packages)
                installs[step.visit.index, step.atom] = named
        for event in old.final.events:
            made = event.origin if event.keyword == "WORKDIR" else None
            if made and not exists_everywhere(made.name) and made in content_at(stage, made.name).origins:
                note(event, here)
    known = {identity(e) for e in old.final.events}
    copies = [e.copy for e in new.final.events if e.copy is not None and identity(e) not in known]
    for event in (e for e in old.final.events if e.copy is not None):
        built = steps.get((event.visit.index, event.atom)) not in ("build", "both")
        if any(_is_part(copy, event.copy, built=built) for copy in copies):
            note(event, "run")
    there = {key: role for key, role in steps.items() if role is not None}
    return Execution(final=new.final, stages=stages, steps=there, installs=installs)


def _joined(one: Role | None, other: Role | None) -> Role | None:
    return one if other in (None, one) else "both" if one is not None else other


def _is_part(copy: Copy, whole: Copy | None, *, built: bool) -> bool:
    """Whether a COPY brings files of the context that another one brings to the same place or, if they are
    `built` in another stage, copies them from there."""
    if whole is None:
        return False
    if copy.stage is None:
        return any(whole.view.context_path(c.target) == c.source for c in copy.view.copies)
    return built and overlap(copy.target or "/", whole.target or "/")


# --- verdicts ------------------------------------------------------------------------------------------


def verdicts(
    program: Program, plan: Plan | None = None, new: Machine | None = None, *, builds: bool = False
) -> tuple[InstructionVerdict, ...]:
    """One verdict per instruction of the user's file, in order, including instructions before FROM.

    `plan` is the chosen plan and `new` the new file, executed, None if the file stays as it is. `builds`: the
    image itself is for building, so that run time needs what its steps leave.
    """
    old = program.machine
    stays = plan is None or new is None or plan.rung == "cleanup"  # in place: each step stays in its stage
    start = program.runtime_needs.start
    starts = program.runtime.sets_start_command and not unread_start(start)
    idle = not starts or all(only_waits(e.tool.rpartition("/")[2]) for e in start)
    found = _Verdicts(
        program=program,
        execution=execution(old, old if stays or new is None else new),
        decisions=plan.decisions if plan is not None else (),
        one_stage=stays and len(old.stages) == 1,
        needs_all=builds or idle,
    )
    return tuple(found.all())


class _Verdicts(Struct, frozen=True, kw_only=True, dict=True):
    """The verdicts on a file whose steps are executed as `execution` says."""

    program: Program
    execution: Execution
    decisions: tuple[Decision, ...]  # of the plan
    one_stage: bool  # the file has one stage, and keeps it
    needs_all: bool  # what is done in the image is not known, so run time needs what any step leaves

    def all(self) -> Iterator[InstructionVerdict]:
        file = self.program.dockerfile
        base = (Reason.of("SL223", "base"),)
        for argument in takewhile(lambda x: x.keyword != "FROM", file.instructions):
            yield InstructionVerdict(instruction=argument, role="both", reasons=base)
        *earlier, (last, *_) = split_stages(file)
        for number, (start, *_) in enumerate(earlier):
            yield self._instruction(start, self._elsewhere(number))
            for visit in self.program.machine.stages[number].visits:
                commands = [
                    CommandVerdict(text=visit.script.text_of(at), role=role, reasons=reasons)
                    for at in range(len(visit.script.atoms))
                    for role, reasons in (self._elsewhere(number, (visit.index, at)),)
                ]
                yield self._instruction(
                    visit.instruction, self._elsewhere(number, (visit.index, 0)), commands
                )
        found = {self.execution.steps.get((step.index, 0)) for step in self.program.steps}
        alone = earlier and found.isdisjoint(("build", "both"))
        own: _Judged = ("run", (Reason.of("SL223", "last_base"),)) if alone else ("both", base)
        yield self._instruction(last, own)
        for step in self.program.steps:
            commands = [self._command(step, atom) for atom in step.atoms]
            judged = self._judged((step.index, 0), step.role, step.reasons)
            yield self._instruction(step.instruction, judged, commands)

    def _instruction(
        self, instruction: Instruction, judged: _Judged, commands: Sequence[CommandVerdict] = ()
    ) -> InstructionVerdict:
        """The verdict on an instruction, whose commands have reasons of their own."""
        role, reasons = judged
        roles = {command.role for command in commands}
        if len(roles) == 1:
            role = roles.pop()
        elif roles and self.execution.separated and "unknown" not in roles:
            role = "both"
        return InstructionVerdict(
            instruction=instruction,
            role=role,
            reasons=() if commands else reasons,
            commands=tuple(commands),
        )

    def _command(self, step: Step, atom: AtomStep) -> CommandVerdict:
        """The verdict on a command of the last stage."""
        key = step.index, atom.index
        role, reasons = self._install(atom, key) or self._judged(key, atom.role, atom.reasons)
        return CommandVerdict(
            text=step.script.text_of(atom.index),
            role=role,
            reasons=reasons,
            packages=tuple(self._package(p, key) for p in atom.packages),
        )

    def _install(self, atom: AtomStep, key: AtomKey) -> _Judged | None:
        """The role of a command whose packages are in the final image, or absent, for another reason than
        that it is executed there."""
        names = [p.name for p in atom.packages if p.role != "build"]
        if atom.packages and all(self._is_removed(p) for p in atom.packages):
            return atom.role, atom.reasons
        needed = {name for p in atom.packages for name in p.counterparts}
        if not names and needed and (self.one_stage or needed & self._installed):
            shown = ", ".join(sorted(needed))
            return "both", (Reason.of("SL226", "counterparts", names=shown),)
        if self.execution.steps.get(key) in ("run", "both") or not names:
            return None
        *_, base = self.execution.final.chain
        if base.facts and not installed(base.facts, nearest=True).isdisjoint(names):
            return "build", (Reason.of("SL226", "in_base", base=base.reference),)
        out = next((d.reason for d in self.decisions if (d.code, d.form) == ("SL206", "left_out")), None)
        return ("build", (out,)) if out is not None and set(names) & set(out.names("names")) else None

    @cached_property
    def _installed(self) -> frozenset[str]:
        """The packages that the last stage of the new file installs."""
        return frozenset(p.name for e in self.execution.final.effects for p in e.packages)

    def _is_removed(self, package: PackageVerdict) -> bool:
        """Whether a package is removed in the RUN that installs it, by the user or by the plan."""
        own = any(r.code == "SL201" and r.form in _REMOVED for r in package.reasons)
        return own or any(
            package.name in d.names("names") for d in self.decisions if (d.code, d.form) in _REMOVALS
        )

    def _package(self, package: PackageVerdict, key: AtomKey) -> PackageVerdict:
        """The verdict on a package: what the final stage installs, run time has."""
        installs = package.name in self.execution.installs.get(key, ())
        if package.role != "build" or self._is_removed(package) or not installs:
            return package
        role, reasons = self._judged(key, package.role, package.reasons)
        told = tuple(dict.fromkeys((*reasons, *package.reasons)))
        return replace(package, role=role, reasons=told, counterparts=())

    def _judged(self, key: AtomKey, found: Role, reasons: tuple[Reason, ...]) -> _Judged:
        """The role of a step of the last stage, and why: `reasons` of the role `found` if they speak of where
        it is executed. Where nothing is separated, they decide."""
        role = self.execution.steps.get(key)
        if role in ("run", "both") and (found == "unknown" or reasons == _CONFIGURES):
            return found, reasons
        if role is None:
            role, why = "build", Reason.of("SL226", "dropped")
        elif role == "build":
            why = Reason.of("SL226", "builder")
        elif role == "both":
            why = Reason.of("SL226", "repeated")
        elif self.execution.separated:
            why = Reason.of("SL226", "final")
        else:
            needed = found == "build" and self.needs_all
            role, why = "both" if needed else found, Reason.of("SL226", "image")
        if role == found or all(r.code in _FITS_EVERY_ROLE for r in reasons):
            return role, reasons
        also = found == "run" and role == "both"
        return role, (*reasons, Reason.of("SL226", "also_built")) if also else (why,)

    def _elsewhere(self, number: int, key: AtomKey | None = None) -> _Judged:
        """The role of another stage than the last one, or of a step of it, and why."""
        name = self.program.machine.stages[number].name or str(number)
        stage = self.execution.stages[number]
        if stage in ("run", "both"):
            role: Role = "run" if stage == "run" and self.execution.separated else "both"
            return role, (Reason.of("SL226", "inherited", stage=name),)
        if key is not None and self.execution.steps.get(key) in ("run", "both"):
            return "both", (Reason.of("SL226", "repeated"),)
        copied, unused = Reason.of("SL226", "copied", stage=name), Reason.of("SL226", "unused", stage=name)
        return "build", (copied if stage else unused,)
