"""The verdicts that `explain` prints. The role of a step is where the chosen plan executes it; what analysis
found only decides where the plan leaves a choice, as one that keeps a single stage does: a step whose results
run time does not need where they are, or which only compiles a program, belongs to the build.

The abstract machine executes the user's file and the new one. A step is executed where a stage of the new
file has the same event: of the same origin, or, if the plan has edited it, one that does a part of its work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.program import AtomStep, Program, Step
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.carried import installed
from slimify.facts.programs import only_waits
from slimify.facts.system import exists_everywhere
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason, Role
from slimify.model.plan import Plan
from slimify.model.shell import NO_SCRIPT
from slimify.semantics.paths import overlap
from slimify.syntax.dockerfile.instructions import is_multi_stage, split_stages

if TYPE_CHECKING:
    from slimify.semantics.machine.stages import Copy, Machine, Stage
    from slimify.semantics.walk import Visit

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


FINAL = Places(final=True)


class Execution(Struct, frozen=True, kw_only=True):
    """Where the steps of a file are executed.

    `stages` says it for each stage that stays as it is, `steps` for each step of a last stage that a plan
    changes. `separated`: the final image copies from another stage. `installs` are the
    packages that the commands of the final image name, `packages` all of them, `base` is its first stage.
    """

    separated: bool
    stages: tuple[Places, ...] = ()
    steps: Mapping[AtomKey, Places] = field(default_factory=dict)
    installs: Mapping[AtomKey, frozenset[str]] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()
    base: Stage | None = None

    def of(self, index: int, atom: int) -> Places:
        """The places of a command of the last stage, or of an instruction with `atom` 0."""
        return self.steps.get((index, atom), Places()) if self.base is not None else self.stages[-1]


ONE_STAGE = Execution(separated=False, stages=(FINAL,))


def own_execution(machine: Machine) -> Execution:
    """Where the stages of the file itself execute its steps."""
    image, builders = {*machine.final.chain}, machine.final.sources
    stages = tuple(Places(s in builders, s in image) for s in machine.stages)
    return Execution(separated=bool(builders), stages=stages)


def planned_execution(old: Machine, new: Machine) -> Execution:
    """Where the new file executes the steps of a file whose last stage a plan changes."""
    from slimify.semantics.machine.content import content_at
    from slimify.semantics.machine.matches import identity, repeated

    steps: dict[AtomKey, Places] = defaultdict(Places)
    installs: dict[AtomKey, frozenset[str]] = {}
    sources = new.final.sources
    for stage, place in ((new.final, FINAL), *((s, Places(builder=True)) for s in sources)):
        for step, event in repeated(old.final.events, stage.events):
            key = step.visit.index, step.atom
            steps[key] |= place
            if place.final:
                installs[key] = frozenset(p.name for e in event.effects for p in e.packages)
        for event in old.final.events:
            made = event.origin if event.keyword == "WORKDIR" else None
            if made and not exists_everywhere(made.name) and made in content_at(stage, made.name).origins:
                steps[event.visit.index, 0] |= place
    known = {identity(e) for e in old.final.events}
    copies = [e.copy for e in new.final.events if e.copy is not None and identity(e) not in known]
    for event in (e for e in old.final.events if e.copy is not None):
        key = event.visit.index, event.atom
        if any(_is_part(copy, event.copy, built=not steps[key].builder) for copy in copies):
            steps[key] |= FINAL
    image = [*new.final.chain]
    earlier = tuple(Places(s in sources, s in image) for s in new.stages[: len(old.stages) - 1])
    packages = frozenset(p.name for event in new.final.events for e in event.effects for p in e.packages)
    return Execution(
        separated=bool(sources),
        stages=earlier,
        steps=steps,
        installs=installs,
        packages=packages,
        base=image[-1],
    )


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
    if plan is None or new is None or plan.rung == "cleanup":  # in place: each step stays in its stage
        several = is_multi_stage(program.dockerfile)
        execution = own_execution(program.machine) if several else ONE_STAGE
    else:
        execution = planned_execution(program.machine, new)
    decisions = plan.decisions if plan is not None else ()
    start = program.runtime_needs.start
    starts = program.runtime.sets_start_command and not unread_start(start)
    works = starts and not all(only_waits(e.tool.rpartition("/")[2]) for e in start)
    left = left_for_run_time(program) if execution is ONE_STAGE and works and not builds else None
    return tuple(_Verdicts(program=program, execution=execution, decisions=decisions, left=left).all())


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
    left: Collection[AtomKey] | None  # of one stage: `left_for_run_time`; None for all steps

    def all(self) -> Iterator[InstructionVerdict]:
        file = self.program.dockerfile
        *earlier, (last, *_) = split_stages(file)
        base = Reason.of("SL223", "base")
        for argument in takewhile(lambda x: x.keyword != "FROM", file.instructions):
            yield InstructionVerdict(instruction=argument, role="both", reasons=(base,))
        for number, (start, *_) in enumerate(earlier):
            places, stage = self.execution.stages[number], self.program.machine.stages[number]
            name = stage.name or str(number)
            role, reasons = self._elsewhere(places, (-1, 0), name)
            yield InstructionVerdict(instruction=start, role=role, reasons=reasons)
            for visit in stage.visits:
                yield self._earlier(places, visit, name)
        stays = bool(earlier) and self.execution.base is None
        reason = Reason.of("SL223", "last_base") if stays else base
        yield InstructionVerdict(instruction=last, role="run" if stays else "both", reasons=(reason,))
        for step in self.program.steps:
            yield self._step(step)

    def _step(self, step: Step) -> InstructionVerdict:
        """The verdict on an instruction of the last stage."""
        role, reasons = self._judged((step.index, 0), step.role, step.reasons)
        commands = tuple(self._command(step, atom) for atom in step.atoms)
        if commands:
            roles = {command.role for command in commands}
            mixed: Role = "both" if self.execution.separated and "unknown" not in roles else role
            role = roles.pop() if len(roles) == 1 else mixed
            reasons = step.reasons  # each command has its own
        return InstructionVerdict(instruction=step.instruction, role=role, reasons=reasons, commands=commands)

    def _command(self, step: Step, atom: AtomStep) -> CommandVerdict:
        key = step.index, atom.index
        places = self.execution.of(*key)
        role, reasons = self._install(atom, places) or self._judged(key, atom.role, atom.reasons)
        named = self.execution.installs.get(key, {p.name for p in atom.packages})
        return CommandVerdict(
            text=step.script.text_of(atom.index),
            role=role,
            reasons=reasons,
            packages=tuple(self._package(p, key, named) for p in atom.packages),
        )

    def _install(self, atom: AtomStep, places: Places) -> _Judged | None:
        """The role of a command whose packages are in the final image, or absent, for another reason than
        that it is executed there."""
        names = [p.name for p in atom.packages if p.role != "build"]
        if atom.packages and all(self._is_removed(p) for p in atom.packages):
            return atom.role, atom.reasons
        needed = {name for p in atom.packages for name in p.counterparts}
        if not names and (self.execution is ONE_STAGE or needed & self.execution.packages) and needed:
            shown = ", ".join(sorted(needed))
            return "both", (Reason.of("SL226", "counterparts", names=shown),)
        if places.final or not names:
            return None
        base = self.execution.base
        if base is not None and base.facts and not installed(base.facts, nearest=True).isdisjoint(names):
            return "build", (Reason.of("SL226", "in_base", base=base.reference),)
        out = next((d.reason for d in self.decisions if (d.code, d.form) == ("SL206", "left_out")), None)
        return ("build", (out,)) if out is not None and set(names) & set(out.names("names")) else None

    def _is_removed(self, package: PackageVerdict) -> bool:
        """Whether a package is removed in the RUN that installs it, by the user or by the plan."""
        own = any(r.code == "SL201" and r.form in _REMOVED for r in package.reasons)
        return own or any(
            package.name in d.names("names") for d in self.decisions if (d.code, d.form) in _REMOVALS
        )

    def _package(self, package: PackageVerdict, key: AtomKey, named: Collection[str]) -> PackageVerdict:
        """The verdict on a package of an install that names `named` in the final image."""
        installs = self.execution.of(*key).final and package.name in named
        if package.role != "build" or self._is_removed(package) or not installs:
            return package
        role, reasons = self._judged(key, package.role, package.reasons)
        return replace(package, role=role, reasons=(*reasons, *package.reasons), counterparts=())

    def _judged(self, key: AtomKey, role: Role, reasons: tuple[Reason, ...]) -> _Judged:
        """The role of a step, and why. `role` and `reasons` are what analysis found. Where nothing is
        separated, they hold unless run time needs what the step leaves where it is."""
        places = self.execution.of(*key)
        if places.final and reasons == _CONFIGURES:
            return role, reasons
        if not places.final:
            gone = Reason.of("SL226", "builder") if places.builder else Reason.of("SL226", "dropped")
            return _shown("build", role, reasons, gone)
        if role == "unknown":
            return role, reasons
        if not places.builder and self.execution.separated:
            return _shown("run", role, reasons, Reason.of("SL226", "final"))
        if not places.builder:
            kept = role == "build" and (self.left is None or key in self.left)
            return _shown("both" if kept else role, role, reasons, Reason.of("SL226", "image"))
        if role == "run" and not _fits_every_role(reasons):
            return "both", (*reasons, Reason.of("SL226", "also_built"))
        return _shown("both", role, reasons, Reason.of("SL226", "repeated"))

    def _earlier(self, places: Places, visit: Visit, stage: str) -> InstructionVerdict:
        """The verdict on an instruction of another stage than the last one, which is executed in `places`;
        what the last stage repeats of it, in both."""
        script = visit.script if visit.instruction.exec_form is None else NO_SCRIPT
        judged = [self._elsewhere(places, (visit.index, at), stage) for at in range(len(script.atoms))]
        commands = tuple(
            CommandVerdict(text=script.text_of(at), role=role, reasons=reasons)
            for at, (role, reasons) in enumerate(judged)
        )
        roles = {command.role for command in commands}
        role, reasons = self._elsewhere(places, (visit.index, 0), stage)
        return InstructionVerdict(
            instruction=visit.instruction,
            role=role if len(roles) < 2 else "both",
            reasons=() if commands else reasons,
            commands=commands,
        )

    def _elsewhere(self, places: Places, key: AtomKey, stage: str) -> _Judged:
        """The role of a command of another stage, which is executed in `places`, and why."""
        if not places.final and self.execution.steps.get(key, places).final:
            return "both", (Reason.of("SL226", "repeated"),)
        if places.final:
            alone = self.execution.separated and not places.builder
            return "run" if alone else "both", (Reason.of("SL226", "inherited", stage=stage),)
        copied, unused = Reason.of("SL226", "copied", stage=stage), Reason.of("SL226", "unused", stage=stage)
        return "build", (copied if places.builder else unused,)


def _shown(role: Role, found: Role, reasons: tuple[Reason, ...], planned: Reason) -> _Judged:
    """The role with the reasons that were found, or, if they speak of another role, with that of the plan."""
    fit = role == found or _fits_every_role(reasons)
    return role, reasons if fit else (planned,)


def _fits_every_role(reasons: tuple[Reason, ...]) -> bool:
    return all(r.code in _FITS_EVERY_ROLE for r in reasons)
