"""The verdicts that `explain` prints. The role of a step is where the chosen plan executes it; what analysis
found only decides where the plan leaves a choice, as one that keeps a single stage does: a step whose results
run time does not need where they are, or which only compiles a program, belongs to the build.

The abstract machine executes the user's file and the new one. A step is executed where a stage of the new
file has the same event: of the same origin, or, if the plan has edited it, one that does a part of its work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    from slimify.semantics.machine.stages import Copy, Machine, Stage

_Judged = tuple[Role, tuple[Reason, ...]]
# They say what a step is, not where it is executed.
_FITS_EVERY_ROLE = frozenset({"SL200", "SL218", "SL220", "SL223"})
_CONFIGURES = (Reason.of("SL200", "configuration"),)
_BESIDE = (Reason.of("SL218", "beside"),)
_REMOVED = frozenset({"removed", "removed_group"})  # forms of SL201: gone before the RUN ends
# Decisions of a plan that removes packages in place.
_REMOVALS = frozenset({("SL201", "in_place"), ("SL351", "one_layer"), ("SL351", "one_layer_stay")})


class Places(Struct, frozen=True):
    """Whether a stage that the final image copies from executes a step, and one that it consists of."""

    builder: bool = False
    final: bool = False

    def __or__(self, other: Places) -> Places:
        return Places(self.builder or other.builder, self.final or other.final)


class Execution(Struct, frozen=True, kw_only=True):
    """Where a file executes the steps of the user's file.

    `stages` says it for each stage but the last, which every plan keeps, `steps` for each step that the last
    stage consists of. `installs` are the packages that the commands of the final stage name.
    """

    final: Stage
    stages: tuple[Places, ...]
    steps: Mapping[AtomKey, Places]
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
    stages = tuple(Places(stage in sources, stage in image) for stage in kept)
    steps: dict[AtomKey, Places] = defaultdict(Places)
    installs: dict[AtomKey, frozenset[str]] = {}
    for stage, places in zip(old.stages, stages, strict=False):
        steps |= {(event.visit.index, event.atom): places for event in stage.own}
    for stage in (new.final, *(s for s in sources if s not in kept)):
        here = Places(builder=stage is not new.final, final=stage is new.final)
        for step, event in repeated(old.final.events, stage.events):
            key = step.visit.index, step.atom
            steps[key] |= here
            if here.final:
                installs[key] = frozenset(p.name for e in event.effects for p in e.packages)
        for event in old.final.events:
            made = event.origin if event.keyword == "WORKDIR" else None
            if made and not exists_everywhere(made.name) and made in content_at(stage, made.name).origins:
                steps[event.visit.index, 0] |= here
    known = {identity(e) for e in old.final.events}
    copies = [e.copy for e in new.final.events if e.copy is not None and identity(e) not in known]
    for event in (e for e in old.final.events if e.copy is not None):
        key = event.visit.index, event.atom
        if any(_is_part(copy, event.copy, built=not steps[key].builder) for copy in copies):
            steps[key] |= Places(final=True)
    return Execution(final=new.final, stages=stages, steps=steps, installs=installs)


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
    works = starts and not all(only_waits(e.tool.rpartition("/")[2]) for e in start)
    one = stays and len(old.stages) == 1
    found = _Verdicts(
        program=program,
        execution=execution(old, old if stays or new is None else new),
        decisions=plan.decisions if plan is not None else (),
        one_stage=one,
        left=left_for_run_time(program) if one and works and not builds else None,
    )
    return tuple(found.all())


def left_for_run_time(program: Program) -> frozenset[AtomKey]:
    """The steps of the last stage that leave files at places that run time needs, other than programs that
    they compile, those that bring the files that such a step is told to read, and those beside them."""
    places = [a.path for a in program.artifacts]
    found: set[AtomKey] = set()
    for event in reversed(program.machine.final.events):
        others = [e for e in event.effects if not (e.kind == "compile" and e.outputs)]
        made = [path for e in others for path in (*e.writes, *e.outputs)]
        if event.copy is not None:
            made += [c.target for c in event.copy.view.copies] or [event.copy.target or "/"]
        if any(overlap(path, place) for path in made for place in places):
            found.add((event.visit.index, event.atom))
            places += [path for e in others for path in e.manifests]
    runs = {index for index, _ in found}
    beside = ((s.index, a.index) for s in program.steps for a in s.atoms if a.reasons == _BESIDE)
    return frozenset((*found, *(key for key in beside if key[0] in runs)))


class _Verdicts(Struct, frozen=True, kw_only=True):
    """The verdicts on a file whose steps are executed as `execution` says."""

    program: Program
    execution: Execution
    decisions: tuple[Decision, ...]  # of the plan
    one_stage: bool  # the file has one stage, and keeps it
    left: Collection[AtomKey] | None  # of one stage: `left_for_run_time`; None for all steps

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
        alone = earlier and not any(self._places((s.index, 0)).builder for s in self.program.steps)
        own: _Judged = ("run", (Reason.of("SL223", "last_base"),)) if alone else ("both", base)
        yield self._instruction(last, own)
        for step in self.program.steps:
            commands = [self._command(step, atom) for atom in step.atoms]
            judged = self._judged((step.index, 0), step.role, step.reasons)
            yield self._instruction(step.instruction, judged, commands)

    def _places(self, key: AtomKey) -> Places:
        return self.execution.steps.get(key, Places())

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
        there = {p.name for e in self.execution.final.effects for p in e.packages}
        if not names and needed and (self.one_stage or needed & there):
            shown = ", ".join(sorted(needed))
            return "both", (Reason.of("SL226", "counterparts", names=shown),)
        if self._places(key).final or not names:
            return None
        *_, base = self.execution.final.chain
        if base.facts and not installed(base.facts, nearest=True).isdisjoint(names):
            return "build", (Reason.of("SL226", "in_base", base=base.reference),)
        out = next((d.reason for d in self.decisions if (d.code, d.form) == ("SL206", "left_out")), None)
        return ("build", (out,)) if out is not None and set(names) & set(out.names("names")) else None

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
        """The role of a step of the last stage, and why: `found` and `reasons` if they speak of where it is
        executed. Where nothing is separated, they hold unless run time needs what the step leaves where it
        is."""
        places, role = self._places(key), found
        if places.final and (found == "unknown" or reasons == _CONFIGURES):
            return found, reasons
        if not places.final:
            role = "build"
            why = Reason.of("SL226", "builder") if places.builder else Reason.of("SL226", "dropped")
        elif places.builder:
            role, why = "both", Reason.of("SL226", "repeated")
        elif self.execution.separated:
            role, why = "run", Reason.of("SL226", "final")
        else:
            why = Reason.of("SL226", "image")
            if found == "build" and (self.left is None or key in self.left):
                role = "both"
        if role == found or all(r.code in _FITS_EVERY_ROLE for r in reasons):
            return role, reasons
        also = places.builder and found == "run"
        return role, (*reasons, Reason.of("SL226", "also_built")) if also and role == "both" else (why,)

    def _elsewhere(self, number: int, key: AtomKey | None = None) -> _Judged:
        """The role of another stage than the last one, or of a step of it, and why."""
        name = self.program.machine.stages[number].name or str(number)
        stage = self.execution.stages[number]
        places = self._places(key) if key is not None else stage
        if stage.final:
            alone = self.execution.separated and not stage.builder
            return "run" if alone else "both", (Reason.of("SL226", "inherited", stage=name),)
        if places.final:
            return "both", (Reason.of("SL226", "repeated"),)
        copied, unused = Reason.of("SL226", "copied", stage=name), Reason.of("SL226", "unused", stage=name)
        return "build", (copied if places.builder else unused,)
