"""Roles and decisions, each with the reasons for it."""

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
    """A line number as an argument of a message. None stands for an instruction that only the new file
    has."""

    number: int | None

    def __str__(self) -> str:
        return f"line {self.number}" if self.number is not None else "a step of its own"


Value: TypeAlias = "str | int | Line | Use | Reason | tuple[str, ...]"


class _Stated(Struct, frozen=True, kw_only=True):
    """A finding or an action: a stable code, one of the wordings for it (`form`), and the arguments of that
    wording. The sentence is for people; no code parses it."""

    code: str
    form: str
    args: tuple[tuple[str, Value], ...] = ()

    @property
    def text(self) -> str:
        """The sentence, built from slimify/codes/codes.toml."""
        from slimify.codes import sentence

        return sentence(self.code, self.form, self.args)

    def __str__(self) -> str:
        return self.text

    def get(self, name: str) -> Value | None:
        """An argument, None if this form does not have it."""
        return next((value for known, value in self.args if known == name), None)

    def names(self, name: str) -> tuple[str, ...]:
        """A list argument, empty if this form does not have it."""
        value = self.get(name)
        return value if isinstance(value, tuple) else ()

    @property
    def reason(self) -> Reason:
        """The same code, form and arguments without safety and line."""
        return Reason(code=self.code, form=self.form, args=self.args)

    def at_lines(self, lines: Mapping[int, int]) -> tuple[tuple[str, Value], ...]:
        """The arguments with line numbers mapped by `lines`. A line without an entry becomes `Line(None)`."""
        return tuple((name, _at(value, lines)) for name, value in self.args)


class Reason(_Stated, frozen=True, kw_only=True):
    """Why something has its role, or why it cannot be changed. A reason can be an argument of another one."""

    @staticmethod
    def of(code: str, form: str, /, **args: Value) -> Reason:
        return Reason(code=code, form=form, args=tuple(args.items()))


class PackageVerdict(Struct, frozen=True, kw_only=True):
    """The role of one package of an install command. `counterparts` are the packages that run time needs in
    its place."""

    name: str  # without version
    role: Role
    counterparts: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


class CommandVerdict(Struct, frozen=True, kw_only=True):
    """The role of one command of a RUN."""

    text: str
    role: Role
    reasons: tuple[Reason, ...] = ()
    packages: tuple[PackageVerdict, ...] = ()


class InstructionVerdict(Struct, frozen=True, kw_only=True):
    """The role of one instruction. Only a shell-form RUN that could be parsed has `commands`."""

    instruction: Instruction
    role: Role
    reasons: tuple[Reason, ...] = ()
    commands: tuple[CommandVerdict, ...] = ()


def _at(value: Value, lines: Mapping[int, int]) -> Value:
    if isinstance(value, Line):
        return Line(lines.get(value.number or 0))
    return replace(value, args=value.at_lines(lines)) if isinstance(value, Reason) else value


class Decision(_Stated, frozen=True, kw_only=True):
    """A change that slimify made, or advises, and why."""

    safety: Safety
    line: int | None = None

    @staticmethod
    def of(
        code: str, form: str, /, *, safety: Safety | None = None, line: int | None = None, **args: Value
    ) -> Decision:
        """A decision as safe as its code, unless `safety` says otherwise."""
        from slimify.codes import safety_of

        own = safety or safety_of(code)
        return Decision(code=code, form=form, args=tuple(args.items()), safety=own, line=line)

    @staticmethod
    def from_reason(reason: Reason, safety: Safety, line: int | None = None) -> Decision:
        """A decision with the code and wording of a reason."""
        return Decision(code=reason.code, form=reason.form, args=reason.args, safety=safety, line=line)
