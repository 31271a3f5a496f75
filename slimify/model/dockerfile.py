"""A Dockerfile as nodes that reproduce its text byte for byte."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct


class Flag(Struct, frozen=True, kw_only=True):
    """`--name=value` before an instruction's arguments. `value` is None for a bare flag."""

    name: str
    value: str | None

    def __str__(self) -> str:
        return f"--{self.name}={self.value}" if self.value is not None else f"--{self.name}"


class Heredoc(Struct, frozen=True, kw_only=True):
    """One heredoc of a RUN, COPY or ADD."""

    name: str
    body: str  # lines before the terminator
    expand: bool  # False when any part of the word was quoted
    chomp: bool  # <<- : leading tabs are removed
    fd: int


class Piece(Struct, frozen=True, kw_only=True):
    """`length` characters at offset `logical` of the logical text come from offset `source` of the raw
    text."""

    logical: int
    source: int
    length: int


class Node(Struct, frozen=True, kw_only=True):
    """A range of lines of the file. Concatenating the nodes of a file gives the file."""

    kind: Literal["bom", "directive", "comment", "blank", "instruction"]
    raw: str
    line: int
    end_line: int


class Instruction(Node, frozen=True, kw_only=True):
    """One instruction with its continuation lines, inner comments and heredocs.

    `value` is the logical text after keyword and flags: continuation lines are joined, inner comments and
    blank lines are dropped, heredoc bodies are not included. `pieces` map offsets in `value` to offsets in
    `raw`.
    """

    keyword: str  # upper case
    flags: tuple[Flag, ...] = ()
    value: str = ""
    exec_form: tuple[str, ...] | None = None  # the JSON array, if it is one
    heredocs: tuple[Heredoc, ...] = ()
    pieces: tuple[Piece, ...] = ()
    trigger: Instruction | None = None  # the instruction of an ONBUILD

    def flag(self, name: str) -> str | None:
        """The value of a flag, "" for a bare one, None if it is absent."""
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
    newline: str = "\n"  # "\r\n" if the first line ends with it

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        return tuple(n for n in self.nodes if isinstance(n, Instruction))

    @cached_property
    def last_from(self) -> int:
        """The index of the FROM of the last stage."""
        return max(i for i, x in enumerate(self.instructions) if x.keyword == "FROM")
