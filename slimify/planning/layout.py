"""A layout: which step runs in which stage, and what is copied between the stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.config import MinSaving
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Rung
from slimify.semantics.paths import inside


class CopyFromBuilder(Struct, frozen=True, kw_only=True):
    """A file or directory that the final stage copies from the builder, at the same path.

    `after` is the index of the first build step that writes it; the copy is inserted where that step was.
    `behind`: after what the final stage executes of that step.
    `owner` is a --chown value ("" keeps the owners of the content).
    """

    path: str
    after: int
    owner: str = ""
    behind: bool = False
    is_file: bool = False  # COPY keeps the mode of a file, but creates the directory itself


class WordEdit(Struct, frozen=True, kw_only=True):
    """Word-level edits of one RUN: new texts by their spans in its logical text, "" for words to drop.

    `added` lists names that the original text did not contain; they may be wrapped onto lines of their own.
    """

    replace: Mapping[tuple[int, int], str] = {}
    added: tuple[str, ...] = ()


class Layout(Struct, frozen=True, kw_only=True):
    """One way to split a file. Indexes refer to `Dockerfile.instructions`.

    The builder executes every step up to `builder_end` as the user wrote it, but for those that only shape
    the final image; None means a single stage on the new base. `final` maps a RUN to the atoms (single
    commands) that the final stage executes; for any other instruction, presence is enough (an empty set).
    `builder_tail` and `final_head` are new instructions, without newline. `saving` and `original` are in
    bytes.
    """

    rung: Rung
    base: str
    language: str = ""
    builder_end: int | None = None
    final: Mapping[int, frozenset[int]] = {}
    words: Mapping[int, WordEdit] = {}
    prepend: Mapping[int, str] = {}  # command added to the start of a final RUN
    copies: tuple[CopyFromBuilder, ...] = ()
    builder_tail: tuple[str, ...] = ()
    final_head: tuple[str, ...] = ()
    builder_before: Mapping[int, tuple[str, ...]] = {}  # new instructions before an instruction
    final_before: Mapping[int, tuple[str, ...]] = {}  # new instructions before its copies
    final_after: Mapping[int, tuple[str, ...]] = {}  # new instructions after its copies
    replace: Mapping[int, str] = {}  # text that replaces an instruction in the final stage
    whole_builder: bool = False  # it also executes steps that only shape the final image
    builder_only_env: frozenset[str] = frozenset()  # variables that nothing in the final stage reads
    decisions: tuple[Decision, ...] = ()
    saving: int = 0
    original: int = 0
    measured: bool = False  # both sizes come from an image built from the file
    fuller: Callable[[], Layout | Reason] | None = None  # the same with more kept, if this one is not valid

    def saves(self, least: MinSaving) -> bool:
        """Whether it saves the configured minimum, but something at least."""
        return self.saving >= max(least.floor(self.original), 1)

    def with_owners_of_builder(self) -> Layout:
        """The layout whose copies keep the owners of what is in a directory, if one owner for all is not
        valid."""
        return replace(self, copies=tuple(replace(copy, owner="") for copy in self.copies))


def outermost(copies: Sequence[CopyFromBuilder]) -> tuple[CopyFromBuilder, ...]:
    """The copies without those inside copied directories; a directory moves to the earliest position of
    what it holds."""
    outer = {c.path: c for c in copies if not c.is_file}
    kept: dict[str, CopyFromBuilder] = {}
    for copy in copies:
        around = next((o for o in outer.values() if o.path != copy.path and inside(copy.path, o.path)), copy)
        before = kept.get(around.path, around)
        kept[around.path] = replace(around, after=min(before.after, copy.after))
    return tuple(kept.values())
