"""The verdicts that `explain` prints. The role of a step is where the chosen plan executes it. A plan that
keeps a single stage leaves a choice: there, the role is where the step would have to be executed.

The abstract machine executes the user's file and the new one. A step is executed where a stage of the new
file has the same event: of the same origin, or, if the plan has edited it, one that does a part of its work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.program import AtomStep, Program, Step
from slimify.analysis.runtime_needs import is_start_known
from slimify.facts.carried import installed
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason, Role
from slimify.model.plan import Plan
from slimify.semantics.paths import overlap
from slimify.syntax.dockerfile.instructions import split_stages

if TYPE_CHECKING:
    from slimify.semantics.machine.stages import Copy, Event, Machine, Stage
    from slimify.semantics.walk import Visit

_Judged = tuple[Role, tuple[Reason, ...]]
# What programs of the image may start later; what other steps leave could be copied.
_BRINGS_TOOLS = frozenset({"packages", "install-global"})
# They say what a step is, not where it is executed.
_FITS_EVERY_ROLE = frozenset({"SL200", "SL218", "SL220", "SL223"})
_CONFIGURES = (Reason.of("SL200", "configuration"),)
_COPIED = (Reason.of("SL224", "inside_built"),)  # with a directory that run time needs
_REMOVED = frozenset({"removed", "removed_group"})  # forms of SL201: gone before the RUN ends
# Decisions of a plan that removes packages in place.
_REMOVALS = frozenset({("SL201", "in_place"), ("SL351", "one_layer"), ("SL351", "one_layer_stay")})


class Execution(Struct, frozen=True, kw_only=True, dict=True):
    """Where a file executes the user's steps: "build" stands for a stage that the final image copies from,
    "run" for one that it consists of.

    `stages` says it for each stage; every plan keeps all of the file's but the last. `steps` says it for each
    step that is executed at all.
    """

    final: Stage
    stages: tuple[Role | None, ...]
    steps: Mapping[AtomKey, Role]
    separated: bool  # the final image copies from a stage that it is not built on

    @cached_property
    def installed(self) -> frozenset[str]:
        """The packages that the final stage installs."""
        return frozenset(p.name for e in self.final.effects for p in e.packages)


def execution(old: Machine, new: Machine) -> Execution:
    """Where the new file executes the steps of the old one."""
    from slimify.semantics.machine.matches import identity, repeated

    image = {*new.final.chain}
    sources = new.final.sources if new.final.sources - image else frozenset()
    stages: list[Role | None] = []
    steps: dict[AtomKey, Role | None] = {}

    def note(event: Event, role: Role | None) -> None:
        key = event.visit.index, event.atom
        steps[key] = _joined(steps.get(key), role)

    for stage in new.stages:
        role = _joined("build" if stage in sources else None, "run" if stage in image else None)
        if len(stages) < len(old.stages) - 1:  # one that the plan keeps
            own = old.stages[len(stages)].own
        else:
            own = tuple(step for step, _ in repeated(old.final.events, stage.events)) if role else ()
        for event in own:
            note(event, role)
        stages.append(role)
    known = {identity(e) for e in old.final.events}
    copies = [e.copy for e in new.final.events if e.copy is not None and identity(e) not in known]
    for event in (e for e in old.final.events if e.copy is not None):
        built = steps.get((event.visit.index, event.atom)) not in ("build", "both")
        if any(_is_part(copy, event.copy, built=built) for copy in copies):
            note(event, "run")
    there = {key: role for key, role in steps.items() if role is not None}
    return Execution(final=new.final, stages=tuple(stages), steps=there, separated=bool(sources))


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
    users: Program,
    plan: Plan | None = None,
    new: Machine | None = None,
    *,
    whole: Program | None = None,
    builds: bool = False,
) -> tuple[InstructionVerdict, ...]:
    """One verdict per instruction of the user's file, in order, including instructions before FROM.

    `plan` is the chosen plan and `new` the new file, executed, None if the file stays as it is. `whole` is
    the last stage with all that it is made of. `builds`: the image itself is for building, so that run time
    needs what its steps leave.
    """
    old = users.machine
    stays = plan is None or new is None or plan.rung == "cleanup"  # in place: each step stays in its stage
    found = _Verdicts(
        machine=old,
        steps={step.line: step for step in (whole or users).steps},
        execution=execution(old, old if stays or new is None else new),
        decisions=plan.decisions if plan is not None else (),
        builds=builds and is_start_known(users.runtime_needs),
        needs_tools=not is_start_known(users.runtime_needs),
        named=frozenset(users.runtime_needs.paths),
    )
    return tuple(found.all())


class _Verdicts(Struct, frozen=True, kw_only=True, dict=True):
    """The verdicts on a file whose steps are executed as `execution` says."""

    machine: Machine  # the file, executed
    steps: Mapping[int, Step]  # those that the last stage is made of, by line
    execution: Execution
    decisions: tuple[Decision, ...]  # of the plan
    builds: bool  # run time needs what any step leaves
    named: frozenset[str]  # the files that run time names
    needs_tools: bool  # what is done in the image is not known, so run time needs the tools that it has

    def all(self) -> Iterator[InstructionVerdict]:
        file = self.machine.file
        base = (Reason.of("SL223", "base"),)
        for argument in takewhile(lambda x: x.keyword != "FROM", file.instructions):
            yield InstructionVerdict(instruction=argument, role="both", reasons=base)
        for (start, *_), stage in zip(split_stages(file), self.machine.stages, strict=True):
            role, reasons = self._base(stage)
            yield InstructionVerdict(instruction=start, role=role, reasons=reasons)
            yield from (self._instruction(stage, visit) for visit in stage.visits)

    def _base(self, stage: Stage) -> _Judged:
        """The role of a FROM, and why."""
        number = len(stage.earlier)
        if stage is not self.machine.final:
            role = self.execution.stages[number]
            run = role == "run" and not self.execution.separated
            return "both" if run else role or "build", (self._where(stage, role),)
        found = {self.execution.steps.get((visit.index, 0)) for visit in stage.visits}
        alone = number and found.isdisjoint(("build", "both"))
        return (
            ("run", (Reason.of("SL223", "last_base"),)) if alone else ("both", (Reason.of("SL223", "base"),))
        )

    def _instruction(self, stage: Stage, visit: Visit) -> InstructionVerdict:
        """The verdict on an instruction, whose commands have reasons of their own."""
        step = self.steps.get(visit.instruction.line)
        places = range(len(visit.script.atoms if step is None else step.atoms))
        commands = [self._command(stage, visit, at, step.atoms[at] if step else None) for at in places]
        role, reasons = self._judged(stage, (visit.index, 0), step)
        roles = {command.role for command in commands}
        if len(roles) == 1:
            role = roles.pop()
        elif roles and self.execution.separated and "unknown" not in roles:
            role = "both"
        return InstructionVerdict(
            instruction=visit.instruction,
            role=role,
            reasons=() if commands else reasons,
            commands=tuple(commands),
        )

    def _command(self, stage: Stage, visit: Visit, at: int, atom: AtomStep | None) -> CommandVerdict:
        key = visit.index, at
        own = self._install(atom, key) if atom is not None else None
        role, reasons = own or self._judged(stage, key, atom)
        return CommandVerdict(
            text=visit.script.text_of(at),
            role=role,
            reasons=reasons,
            packages=tuple(self._package(stage, p, key) for p in (atom.packages if atom is not None else ())),
        )

    def _install(self, atom: AtomStep, key: AtomKey) -> _Judged | None:
        """The role of a command whose packages are in the final image, or absent, for another reason than
        that it is executed there."""
        names = [p.name for p in atom.packages if p.role != "build"]
        if atom.packages and all(self._is_removed(p) for p in atom.packages):
            return atom.role, atom.reasons
        needed = {name for p in atom.packages for name in p.counterparts}
        if not names and needed and (not self.execution.separated or needed & self.execution.installed):
            shown = ", ".join(sorted(needed))
            return "both", (Reason.of("SL226", "counterparts", names=shown),)
        if self.execution.steps.get(key) in ("run", "both") or not names:
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

    def _package(self, stage: Stage, package: PackageVerdict, key: AtomKey) -> PackageVerdict:
        """The verdict on a package: what the final stage installs, run time has."""
        there = self.execution.steps.get(key) in ("run", "both") and package.name in self.execution.installed
        if package.role != "build" or self._is_removed(package) or not there:
            return package
        role, reasons = self._judged(stage, key, package)
        told = tuple(dict.fromkeys((*reasons, *package.reasons)))
        return replace(package, role=role, reasons=told, counterparts=())

    def _judged(self, stage: Stage, key: AtomKey, found: Step | AtomStep | PackageVerdict | None) -> _Judged:
        """The role of a step, and why: the reasons of what analysis `found` if they speak of where it is
        executed. Where nothing is separated, they decide."""
        role = self.execution.steps.get(key)
        why = self._where(stage, role)
        if found is None:
            return role or "build", (why,)
        reasons = found.reasons
        if role in ("run", "both") and (found.role == "unknown" or reasons == _CONFIGURES):
            return found.role, reasons
        if role == "run" and not self.execution.separated:
            tools = isinstance(found, PackageVerdict) or (
                isinstance(found, AtomStep) and found.kinds & _BRINGS_TOOLS
            )
            brought = (found.visit.copied_files or ()) if isinstance(found, Step) else ()
            named = reasons == _COPIED and not self.named.isdisjoint(brought)
            stays = self.builds or (self.needs_tools and tools) or named
            role = "both" if found.role == "build" and stays else found.role
        role = role or "build"
        if role == found.role or all(r.code in _FITS_EVERY_ROLE for r in reasons):
            return role, reasons
        also = found.role == "run" and role == "both"
        return role, (*reasons, Reason.of("SL226", "also_built")) if also else (why,)

    def _where(self, stage: Stage, role: Role | None) -> Reason:
        """Where the file executes a step of a stage."""
        own, name = stage is self.machine.final, stage.name or str(len(stage.earlier))
        if role is None:
            return Reason.of("SL226", "dropped") if own else Reason.of("SL226", "unused", stage=name)
        if role == "build":
            return Reason.of("SL226", "builder") if own else Reason.of("SL226", "copied", stage=name)
        if not own and self.execution.stages[len(stage.earlier)] in ("run", "both"):
            return Reason.of("SL226", "inherited", stage=name)
        if role == "both" or not own:
            return Reason.of("SL226", "repeated")
        return Reason.of("SL226", "final") if self.execution.separated else Reason.of("SL226", "image")
