"""The stages and steps of the new file, before it is rendered."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.decisions import Decision

Rung = Literal["minimal", "slim", "same-base", "cleanup", "unchanged"]


class Item(Struct, frozen=True, kw_only=True):
    """One instruction of the new file, as text with its comments.

    `origin` is the index of the original instruction (None: new). `spaced`: a blank line was above it. `gap`
    is the whitespace of those blank lines, "" for an empty one.
    """

    text: str
    origin: int | None = None
    spaced: bool = False
    gap: str = ""


class Stage(Struct, frozen=True, kw_only=True):
    """A stage of the new file. The first item is its FROM."""

    name: str
    base: str
    purpose: Literal["base", "build", "run", "debug"]
    items: tuple[Item, ...]


class NewStart(Struct, frozen=True, kw_only=True):
    """A start command that a plan replaces, as argv before and after."""

    keyword: Literal["CMD", "ENTRYPOINT"]
    before: tuple[str, ...]
    after: tuple[str, ...]


class CompiledStart(Struct, frozen=True, kw_only=True):
    """A Dockerfile whose start command no longer compiles the program first: its text, the decision, and the
    old and new command."""

    text: str
    decision: Decision
    start: NewStart


class Plan(Struct, frozen=True, kw_only=True):
    """One possible rewrite."""

    rung: Rung
    language: str
    stages: tuple[Stage, ...]
    decisions: tuple[Decision, ...] = ()
    kept: tuple[str, ...] = ()  # paths that the user asked to copy
    user: str = ""  # user that was asked for; "": the user of the file
    new_start: NewStart | None = None  # set if the start command changes
    saving: int = 0  # bytes, estimated
    original: int = 0  # bytes of the original image, estimated
    measured: bool = False  # both sizes come from an image that was built from the file

    def told(self, *decisions: Decision) -> Plan:
        """The plan with more decisions."""
        return replace(self, decisions=(*self.decisions, *decisions))

    def with_final(self, stage: Stage, *decisions: Decision) -> Plan:
        """The plan with another last stage, and more decisions."""
        return replace(self.told(*decisions), stages=(*self.stages[:-1], stage))
