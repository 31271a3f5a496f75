"""What came of one file."""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec import Struct

from slimify.model.decisions import Decision, InstructionVerdict
from slimify.model.errors import SlimifyError
from slimify.model.ignore_file import Asset, IgnoreFile
from slimify.model.plan import Rung, Stage


class Estimate(Struct, frozen=True, kw_only=True):
    """What a rewrite gains, in bytes: the size of the image before, and by how much it shrinks. Estimated,
    or `measured` on an image that was built from the file."""

    original: int
    saving: int
    measured: bool = False


Kind = Literal["rewritten", "unchanged", "refused", "failed"]
_Other = TypeVar("_Other", bound="Outcome")


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one file: `Rewritten`, `Unchanged`, `Refused` or `Failed`. What only one of them has is
    None, or empty, for the others."""

    file: str
    language: str | None = None
    instructions: tuple[InstructionVerdict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    before: str = ""
    assets: tuple[Asset, ...] = ()
    warnings: tuple[str, ...] = ()
    estimate: Estimate | None = None

    @property
    def kind(self) -> Kind:
        return _KINDS[type(self)]

    @property
    def rung(self) -> Rung:
        return "unchanged"

    @property
    def stages(self) -> tuple[Stage, ...]:
        return ()

    @property
    def after(self) -> str | None:
        return None

    @property
    def ignore(self) -> IgnoreFile | None:
        return None

    @property
    def error(self) -> SlimifyError | None:
        return None

    def become(self, kind: type[_Other], **changes: object) -> _Other:
        """What came of the same file instead, with what both kinds have."""
        return kind(**{name: getattr(self, name) for name in kind.__struct_fields__} | changes)


class Rewritten(Outcome, frozen=True, kw_only=True):
    """A new text, `after`, and the ignore file that goes with it."""

    after: str
    rung: Rung = "unchanged"
    stages: tuple[Stage, ...] = ()
    ignore: IgnoreFile | None = None


class Unchanged(Outcome, frozen=True, kw_only=True):
    """Nothing to do, or nothing that pays."""


class Refused(Outcome, frozen=True, kw_only=True):
    """Nothing that can be done safely."""


class Failed(Outcome, frozen=True, kw_only=True):
    """A malformed file, or a broken environment."""

    error: SlimifyError


_KINDS: dict[type[Outcome], Kind] = {
    Rewritten: "rewritten",
    Unchanged: "unchanged",
    Refused: "refused",
    Failed: "failed",
}
