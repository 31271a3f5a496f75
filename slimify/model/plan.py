"""The stages and steps of the new file, before any text exists."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slimify.model.decisions import Decision

Rung = Literal["minimal", "slim", "same-base", "cleanup", "unchanged"]


RUNGS: tuple[Rung, ...] = ("minimal", "slim", "same-base", "cleanup", "unchanged")


class Item(Struct, frozen=True, kw_only=True):
    """One instruction of the new file, as text with its comments.

    `origin` is the index of the instruction it comes from (None: new), `spaced`: a blank line was above it;
    `gap` are the user's own blank lines there, "" for one without anything in it.
    """

    text: str
    origin: int | None = None
    note: str = ""  # shown as a comment with --annotate
    spaced: bool = False
    gap: str = ""


class Stage(Struct, frozen=True, kw_only=True):
    """A stage of the new file; the first item is its FROM."""

    name: str
    base: str
    purpose: Literal["base", "build", "run", "debug"]
    items: tuple[Item, ...]


class NewStart(Struct, frozen=True, kw_only=True):
    """A start command that a plan replaces, with the one that stands for it: argv, as the image has it."""

    keyword: Literal["CMD", "ENTRYPOINT"]
    before: tuple[str, ...]
    after: tuple[str, ...]


class CompiledStart(Struct, frozen=True, kw_only=True):
    """A file whose start command no longer compiles the program first: its text, what was decided, and the
    command that stands for the old one."""

    text: str
    decision: Decision
    start: NewStart


class Plan(Struct, frozen=True, kw_only=True):
    """One way to write the new file."""

    rung: Rung
    language: str
    stages: tuple[Stage, ...]
    decisions: tuple[Decision, ...] = ()
    kept: tuple[str, ...] = ()  # paths that are copied on request
    user: str = ""  # the final stage gets it on request; "": that of the file
    new_start: NewStart | None = None  # the file starts something else
    saving: int = 0  # bytes, estimated
    original: int = 0  # bytes of the original image, estimated
    measured: bool = False  # no estimates: both are those of an image that was built from the file
