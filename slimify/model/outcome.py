"""What came of one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from slimify.model.decisions import Decision, InstructionVerdict
from slimify.model.errors import SlimifyError
from slimify.model.ignore_file import Asset, IgnoreFile
from slimify.model.plan import Rung, Stage


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
    meta: Mapping[str, object] = field(default_factory=dict)
