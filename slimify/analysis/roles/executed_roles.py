"""The verdicts that `explain` prints. The role of a step is where the chosen plan executes it; what analysis
found only decides where the plan leaves a choice."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import AtomStep, Program, Step
from slimify.analysis.roles.executed_steps import (
    BUILDER,
    FINAL,
    NOWHERE,
    Execution,
    Places,
    command_text,
    is_named,
    own_execution,
    planned_execution,
)
from slimify.analysis.runtime_contract import DEFAULT_SHELL
from slimify.facts.carried import installed
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason, Role
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.plan import Plan
from slimify.syntax.dockerfile.instructions import from_parts, is_multi_stage, shell_command
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.script import read_run

_Judged = tuple[Role, tuple[Reason, ...]]
# They say what a step is, not where it is executed.
_FITS_EVERY_ROLE = frozenset({"SL200", "SL218", "SL220", "SL223"})
_DROPPED = Reason.of("SL226", "dropped")
_BUILDER_ONLY = Reason.of("SL226", "builder")
_FINAL_ONLY = Reason.of("SL226", "final")
_IN_IMAGE = Reason.of("SL226", "image")
_REPEATED = Reason.of("SL226", "repeated")
_ALSO_BUILT = Reason.of("SL226", "also_built")
_CONFIGURES = (Reason.of("SL200", "configuration"),)
_REMOVED = frozenset({"removed", "removed_group"})  # forms of SL201: gone before the RUN ends
# Decisions of a plan that removes packages in place.
_REMOVALS = frozenset({("SL201", "in_place"), ("SL351", "one_layer"), ("SL351", "one_layer_stay")})


def verdicts(
    program: Program, plan: Plan | None = None, text: str = "", planned: Dockerfile | None = None
) -> tuple[InstructionVerdict, ...]:
    """One verdict per instruction of the user's file, in order, including instructions before FROM.

    `plan` is the chosen plan and `text` the new file, None and "" if the file stays as it is. `planned` is
    the file that the plan was made for: the user's, or the same with another start command.
    """
    if plan is None or plan.rung == "cleanup":  # in place: each step stays in its stage
        execution = own_execution(program.dockerfile, program.build_args)
    else:
        after = parse(encode(text))
        execution = planned_execution(program, plan.stages, after, planned or program.dockerfile)
    decisions = plan.decisions if plan is not None else ()
    return tuple(_Verdicts(program=program, execution=execution, decisions=decisions).all())


class _Verdicts(Struct, frozen=True, kw_only=True):
    """The verdicts on a file whose steps are executed as `execution` says."""

    program: Program
    execution: Execution
    decisions: tuple[Decision, ...]  # of the plan

    def all(self) -> Iterator[InstructionVerdict]:
        file = self.program.dockerfile
        steps = {step.index: step for step in self.program.steps}
        last = max(i for i, x in enumerate(file.instructions) if x.keyword == "FROM")
        number, stage, shell = 0, "", tuple(DEFAULT_SHELL)
        for index, instruction in enumerate(file.instructions):
            if instruction.keyword == "FROM":
                stage, shell = from_parts(instruction).alias or str(number), DEFAULT_SHELL
                number += 1
            elif instruction.keyword == "SHELL":
                shell = shell_command(instruction)
            if index in steps:
                yield self._step(steps[index])
            elif not stage or index == last:
                several = bool(stage) and is_multi_stage(file)
                reason = Reason.of("SL223", "last_base") if several else Reason.of("SL223", "base")
                role: Role = "run" if several else "both"
                yield InstructionVerdict(instruction=instruction, role=role, reasons=(reason,))
            else:
                yield self._earlier(index, instruction, stage, shell)

    def _step(self, step: Step) -> InstructionVerdict:
        """The verdict on an instruction of the last stage."""
        role, reasons = self._judged(self.execution.of(step.index), step.role, step.reasons)
        commands = tuple(self._command(step, atom) for atom in step.atoms)
        if commands:
            roles = {command.role for command in commands}
            mixed: Role = "both" if self.execution.separated and "unknown" not in roles else role
            role = roles.pop() if len(roles) == 1 else mixed
            reasons = step.reasons  # each command has its own
        return InstructionVerdict(instruction=step.instruction, role=role, reasons=reasons, commands=commands)

    def _command(self, step: Step, atom: AtomStep) -> CommandVerdict:
        assert step.script is not None
        key = step.index, atom.index
        places = self.execution.of(*key)
        role, reasons = self._install(atom, places) or self._judged(places, atom.role, atom.reasons)
        text = self.execution.texts.get(key)
        return CommandVerdict(
            text=command_text(step.script, step.script.atoms[atom.index]),
            atom=atom.index,
            role=role,
            reasons=reasons,
            packages=tuple(self._package(p, places, text) for p in atom.packages),
        )

    def _install(self, atom: AtomStep, places: Places) -> _Judged | None:
        """The role of a command whose packages are in the final image, or absent, for another reason than
        where it is executed."""
        names = [p.name for p in atom.packages if p.role != "build"]
        if atom.packages and all(self._is_removed(p) for p in atom.packages):
            return atom.role, atom.reasons
        if places.final or not names:
            return None
        facts = self.program.facts_of(self.execution.base)
        if facts is not None and not installed(facts, nearest=True).isdisjoint(names):
            reason = Reason.of("SL226", "in_base", base=self.execution.base)
            return "both" if places.builder else "run", (reason,)
        out = next((d.reason for d in self.decisions if (d.code, d.form) == ("SL206", "left_out")), None)
        return ("build", (out,)) if out is not None and set(names) & set(out.names("names")) else None

    def _is_removed(self, package: PackageVerdict) -> bool:
        """Whether a package is removed in the RUN that installs it, by the user or by the plan."""
        own = any(r.code == "SL201" and r.form in _REMOVED for r in package.reasons)
        return own or any(
            package.name in d.names("names") for d in self.decisions if (d.code, d.form) in _REMOVALS
        )

    def _package(self, package: PackageVerdict, places: Places, text: str | None) -> PackageVerdict:
        """The verdict on a package of an install command, whose text in the final image is `text`, None if it
        is as in the file."""
        installs = places.final and (text is None or is_named(package.name, text))
        if package.role != "build" or self._is_removed(package) or not installs:
            return package
        role, reasons = self._judged(places, package.role, package.reasons)
        return replace(package, role=role, reasons=(*reasons, *package.reasons), counterparts=())

    def _judged(self, places: Places, role: Role, reasons: tuple[Reason, ...]) -> _Judged:
        """The role of a step that is executed in `places`, and why. `role` and `reasons` are what analysis
        found."""
        if places.final and reasons == _CONFIGURES:
            return role, reasons
        if places == NOWHERE:
            return _shown("build", role, reasons, _DROPPED)
        if places == BUILDER:
            return _shown("build", role, reasons, _BUILDER_ONLY)
        if role == "unknown":
            return role, reasons
        if places == FINAL and self.execution.separated:
            return _shown("run", role, reasons, _FINAL_ONLY)
        if places == FINAL:
            return _shown("both" if role == "build" else role, role, reasons, _IN_IMAGE)
        if role == "run" and not _fits_every_role(reasons):
            return "both", (*reasons, _ALSO_BUILT)
        return _shown("both", role, reasons, _REPEATED)

    def _earlier(
        self, index: int, instruction: Instruction, stage: str, shell: tuple[str, ...]
    ) -> InstructionVerdict:
        """The verdict on an instruction of another stage than the last one."""
        places = self.execution.of(index)
        role: Role = "build"
        if places.final:
            role = "run" if places == FINAL and self.execution.separated else "both"
            reason = Reason.of("SL226", "inherited", stage=stage)
        elif places.builder:
            reason = Reason.of("SL226", "copied", stage=stage)
        else:
            reason = Reason.of("SL226", "unused", stage=stage)
        commands: tuple[CommandVerdict, ...] = ()
        if instruction.keyword == "RUN" and instruction.exec_form is None:
            script = read_run(instruction, shell=shell, escape=self.program.dockerfile.escape)
            commands = tuple(
                CommandVerdict(text=command_text(script, atom), atom=number, role=role, reasons=(reason,))
                for number, atom in enumerate(script.atoms)
            )
        return InstructionVerdict(
            instruction=instruction, role=role, reasons=() if commands else (reason,), commands=commands
        )


def _shown(role: Role, found: Role, reasons: tuple[Reason, ...], planned: Reason) -> _Judged:
    """The role with the reasons that were found, or, if they speak of another role, with that of the plan."""
    fit = role == found or _fits_every_role(reasons)
    return role, reasons if fit else (planned,)


def _fits_every_role(reasons: tuple[Reason, ...]) -> bool:
    return all(r.code in _FITS_EVERY_ROLE for r in reasons)
