"""Dockerfile text, taken apart without losing a byte."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct


class Flag(Struct, frozen=True, kw_only=True):
    """`--name=value` in front of an instruction's arguments; `value` is None for a bare flag."""

    name: str
    value: str | None


class Heredoc(Struct, frozen=True, kw_only=True):
    """One heredoc of a RUN, COPY or ADD."""

    name: str
    body: str  # lines up to, without, the terminator
    expand: bool  # False when any part of the word was quoted
    chomp: bool  # <<- : leading tabs are removed
    fd: int


class Piece(Struct, frozen=True, kw_only=True):
    """`length` characters of the logical text at `logical` stand at `source` in the raw text."""

    logical: int
    source: int
    length: int


class Node(Struct, frozen=True, kw_only=True):
    """A stretch of the file. The nodes of a file, joined, are the file."""

    kind: Literal["bom", "directive", "comment", "blank", "instruction"]
    raw: str
    line: int
    end_line: int


class Instruction(Node, frozen=True, kw_only=True):
    """One instruction, with continuation lines, comments inside it and heredocs.

    `value` is the logical text behind keyword and flags: continuations joined, inner comments
    and blank lines dropped, heredoc bodies not included. `pieces` map offsets in `value` to
    offsets in `raw`.
    """

    keyword: str  # upper case
    flags: tuple[Flag, ...] = ()
    value: str = ""
    exec_form: tuple[str, ...] | None = None  # the JSON array, if it is one
    heredocs: tuple[Heredoc, ...] = ()
    pieces: tuple[Piece, ...] = ()
    trigger: Instruction | None = None  # what an ONBUILD will do

    def flag(self, name: str) -> str | None:
        """The value of a flag ("" for a bare one), or None."""
        for item in self.flags:
            if item.name == name:
                return item.value or ""
        return None


class Dockerfile(Struct, frozen=True, kw_only=True, dict=True):
    """A whole file. `"".join(n.raw for n in nodes)` is `text`."""

    text: str
    nodes: tuple[Node, ...]
    escape: str = "\\"
    syntax: str | None = None
    newline: str = "\n"  # "\r\n" where the first line ends so

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        return tuple(n for n in self.nodes if isinstance(n, Instruction))
