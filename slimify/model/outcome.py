"""What came of one file."""

from __future__ import annotations

from typing import Literal

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


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one file."""

    kind: Literal["rewritten", "unchanged", "refused", "failed"]
    file: str
    language: str | None = None
    rung: Rung = "unchanged"
    instructions: tuple[InstructionVerdict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    stages: tuple[Stage, ...] = ()
    before: str = ""
    after: str | None = None
    ignore: IgnoreFile | None = None
    assets: tuple[Asset, ...] = ()
    error: SlimifyError | None = None
    warnings: tuple[str, ...] = ()
    estimate: Estimate | None = None  # of what was rewritten
