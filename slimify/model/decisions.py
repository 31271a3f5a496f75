"""Roles and decisions, each with its reasons."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slimify.model.dockerfile import Instruction

Role = Literal["build", "run", "both", "unknown"]


Safety = Literal["safe", "assumed", "advice"]


class Reason(Struct, frozen=True, kw_only=True):
    """Why something is as it is: a stable code and a sentence."""

    code: str
    text: str


class PackageVerdict(Struct, frozen=True, kw_only=True):
    """One package of an install command: `counterpart` is what run time needs instead of it."""

    name: str  # without version
    role: Role
    counterparts: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


class CommandVerdict(Struct, frozen=True, kw_only=True):
    """One command of a RUN. `atom` is the index of its atom in the RUN's script."""

    text: str
    atom: int
    role: Role
    reasons: tuple[Reason, ...] = ()
    packages: tuple[PackageVerdict, ...] = ()


class InstructionVerdict(Struct, frozen=True, kw_only=True):
    """One instruction with its role; `commands` for a RUN in shell form that could be read."""

    instruction: Instruction
    role: Role
    reasons: tuple[Reason, ...] = ()
    commands: tuple[CommandVerdict, ...] = ()


class Decision(Struct, frozen=True, kw_only=True):
    """Something slimify did, or advises, and why."""

    code: str
    safety: Safety
    text: str
    line: int | None = None
