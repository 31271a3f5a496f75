"""Roles and decisions, each with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.dockerfile import Instruction

if TYPE_CHECKING:
    from slimify.model.sources import Use

Role = Literal["build", "run", "both", "unknown"]


Safety = Literal["safe", "assumed", "advice"]


class Line(Struct, frozen=True):
    """A line of the file, as an argument of a sentence; None for a step that only the new file has."""

    number: int | None

    def __str__(self) -> str:
        return f"line {self.number}" if self.number is not None else "a step of its own"


Value: TypeAlias = "str | int | Line | Use | Reason | tuple[str, ...]"


class _Stated(Struct, frozen=True, kw_only=True):
    """What was found or done: a stable code, one of its wordings (`form`) and what fills that in. The
    sentence is for people: no code reads it."""

    code: str
    form: str
    args: tuple[tuple[str, Value], ...] = ()

    @property
    def text(self) -> str:
        """The sentence, made from slimify/codes/codes.toml."""
        from slimify.codes import sentence

        return sentence(self.code, self.form, self.args)

    def __str__(self) -> str:
        return self.text

    def get(self, name: str) -> Value | None:
        """An argument; None where this form has no such one."""
        return next((value for known, value in self.args if known == name), None)

    def names(self, name: str) -> tuple[str, ...]:
        """An argument that is a list; empty where this form has no such one."""
        value = self.get(name)
        return value if isinstance(value, tuple) else ()

    @property
    def reason(self) -> Reason:
        """The same without what was done about it."""
        return Reason(code=self.code, form=self.form, args=self.args)

    def at_lines(self, lines: Mapping[int, int]) -> tuple[tuple[str, Value], ...]:
        """The arguments with other numbers of lines; a line that has none is a new step's."""
        return tuple((name, _at(value, lines)) for name, value in self.args)


class Reason(_Stated, frozen=True, kw_only=True):
    """Why something is as it is, or can't be otherwise. It may be an argument of another one."""

    @staticmethod
    def of(code: str, form: str, /, **args: Value) -> Reason:
        return Reason(code=code, form=form, args=tuple(args.items()))


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


def _at(value: Value, lines: Mapping[int, int]) -> Value:
    if isinstance(value, Line):
        return Line(lines.get(value.number or 0))
    return replace(value, args=value.at_lines(lines)) if isinstance(value, Reason) else value


class Decision(_Stated, frozen=True, kw_only=True):
    """Something slimify did, or advises, and why."""

    safety: Safety
    line: int | None = None

    @staticmethod
    def of(code: str, form: str, /, *, safety: Safety, line: int | None = None, **args: Value) -> Decision:
        return Decision(code=code, form=form, args=tuple(args.items()), safety=safety, line=line)

    @staticmethod
    def from_reason(reason: Reason, safety: Safety, line: int | None = None) -> Decision:
        """The decision that has this reason, under its code and in its words."""
        return Decision(code=reason.code, form=reason.form, args=reason.args, safety=safety, line=line)
