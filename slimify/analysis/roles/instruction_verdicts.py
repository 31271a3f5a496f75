"""The verdicts that `explain` prints: role and reasons of every instruction and command."""

from __future__ import annotations

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.decisions import CommandVerdict, InstructionVerdict, Reason, Role
from slimify.model.effects import NOT_FOR_RUN_TIME

_CONFIGURATION_KEYWORDS = frozenset(
    {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME"}
)


def verdicts(program: Program) -> tuple[InstructionVerdict, ...]:
    """One verdict per instruction, in order, including instructions before FROM."""
    steps = {step.index: step for step in program.steps}
    found = []
    for index, instruction in enumerate(program.dockerfile.instructions):
        step = steps.get(index)
        if step is None:
            reason = Reason.of("SL223", "base")
            found.append(InstructionVerdict(instruction=instruction, role="both", reasons=(reason,)))
            continue
        found.append(
            InstructionVerdict(
                instruction=instruction,
                role=step.role,
                reasons=step.reasons,
                commands=tuple(_command_verdict(step, atom) for atom in step.atoms),
            )
        )
    return tuple(found)


def _command_verdict(step: Step, atom: AtomStep) -> CommandVerdict:
    assert step.script is not None
    part = step.script.atoms[atom.index]
    text = " ".join(step.script.text[part.start : part.end].split())
    return CommandVerdict(
        text=text, atom=atom.index, role=atom.role, reasons=atom.reasons, packages=atom.packages
    )


def instruction_role(keyword: str, atoms: tuple[AtomStep, ...]) -> tuple[Role, tuple[Reason, ...]]:
    """The role of an instruction other than COPY and ADD, from its keyword or its commands."""
    if keyword in _CONFIGURATION_KEYWORDS:
        return "run", (Reason.of("SL200", "configuration"),)
    if keyword != "RUN":
        return "both", (Reason.of("SL223", "state"),)
    roles = {atom.role for atom in atoms if not _is_neutral(atom)} or {atom.role for atom in atoms}
    if not roles or "unknown" in roles:
        return "unknown", ()
    if len(roles) == 1:
        return next(iter(roles)), ()
    return "both", ()


def _is_neutral(atom: AtomStep) -> bool:
    return all(e.kind in NOT_FOR_RUN_TIME for e in atom.effects)
