"""The result of processing one file."""

from __future__ import annotations

from typing import Literal, TypeVar

from msgspec import Struct

from slimify.model.decisions import Decision, InstructionVerdict
from slimify.model.errors import SlimifyError
from slimify.model.ignore_file import Asset, IgnoreFile
from slimify.model.plan import Rung, Stage


class Estimate(Struct, frozen=True, kw_only=True):
    """The size of the original image, None if no table has that of its base, and the saving, in bytes: then
    what is known of it. Estimated, or `measured` on an image that was built from the file."""

    original: int | None
    saving: int
    measured: bool = False


Kind = Literal["rewritten", "unchanged", "refused", "failed"]
_Other = TypeVar("_Other", bound="Outcome")


class Outcome(Struct, frozen=True, kw_only=True):
    """The result for one file: `Rewritten`, `Unchanged`, `Refused` or `Failed`. Properties that a kind does
    not have are None or empty."""

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

    @property
    def unsupported(self) -> str | None:
        """The title of the language of a file that slimify does not rewrite yet."""
        return next((str(d.get("language")) for d in self.decisions if d.form == "not_yet"), None)

    @property
    def built_stage(self) -> str:
        """The stage that the repository builds, and that gets smaller; "" for the last one."""
        found = (d for d in self.decisions if (d.code, d.form) == ("SL404", "target"))
        return next((str(d.get("stage")) for d in found), "")

    def become(self, kind: type[_Other], **changes: object) -> _Other:
        """The same outcome as another kind, with `changes` applied. Fields that both kinds have are kept."""
        return kind(**{name: getattr(self, name) for name in kind.__struct_fields__} | changes)


class Rewritten(Outcome, frozen=True, kw_only=True):
    """A new Dockerfile, `after`, and the ignore file for it."""

    after: str
    rung: Rung = "unchanged"
    stages: tuple[Stage, ...] = ()
    ignore: IgnoreFile | None = None


class Unchanged(Outcome, frozen=True, kw_only=True):
    """Nothing to improve that is known to be safe and worth a rewrite; the decisions say why."""


class Refused(Outcome, frozen=True, kw_only=True):
    """Not a file to rewrite: a template, say, or an image whose triggers are unknown."""


class Failed(Outcome, frozen=True, kw_only=True):
    """The file is malformed, or the environment is broken."""

    error: SlimifyError


_KINDS: dict[type[Outcome], Kind] = {
    Rewritten: "rewritten",
    Unchanged: "unchanged",
    Refused: "refused",
    Failed: "failed",
}
