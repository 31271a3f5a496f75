"""What a strategy decides, before any text exists: which step runs where, and what is copied."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from slimify.model.decisions import Decision
from slimify.model.plan import Rung


class CopyFromBuilder(Struct, frozen=True, kw_only=True):
    """A file or directory that the final stage takes from the builder, at the same path.

    `after` is the index of the first build step that writes it: the copy stands where that step
    stood. `owner` is a --chown value ("" keeps the owners of the content).
    """

    path: str
    after: int
    owner: str = ""
    note: str = ""
    is_file: bool = False  # COPY keeps the mode of a file, a directory's own is made anew


class WordEdit(Struct, frozen=True, kw_only=True):
    """Word-level edits of one RUN: spans in its logical text to drop or to replace. `added` are names among
    the replacements that the user's text had nothing of: they may go to lines of their own."""

    drop: frozenset[tuple[int, int]] = frozenset()
    replace: Mapping[tuple[int, int], str] = field(default_factory=dict)
    added: tuple[str, ...] = ()


class Layout(Struct, frozen=True, kw_only=True):
    """One way to part a file. Indexes are those of `Dockerfile.instructions`.

    `build` and `final` name, for a RUN, the atoms that are executed in the stage; for any other
    instruction presence is enough (an empty set). `builder_tail` and `final_head` are new
    instructions, without newline. No `build` at all means: a single stage on the new base.
    """

    rung: Rung
    language: str
    base: str
    build: Mapping[int, frozenset[int]] = field(default_factory=dict)
    final: Mapping[int, frozenset[int]] = field(default_factory=dict)
    words: Mapping[int, WordEdit] = field(default_factory=dict)
    append: Mapping[int, str] = field(default_factory=dict)  # shell text put behind a final RUN
    copies: tuple[CopyFromBuilder, ...] = ()
    builder_tail: tuple[str, ...] = ()
    final_head: tuple[str, ...] = ()
    builder_before: Mapping[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # new lines in front of an instruction
    final_after: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # new lines behind its copies
    replace: Mapping[int, str] = field(default_factory=dict)  # final text instead of an instruction
    builder_only_env: frozenset[str] = frozenset()  # variables that nothing in the final stage reads
    decisions: tuple[Decision, ...] = ()
    saving: int = 0
    original: int = 0
    measured: bool = False  # both, in an image that was built from the file
