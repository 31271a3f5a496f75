"""The physical lines of an instruction, and how they look once parts of it are gone.

In: an Instruction without here-documents and stretches of its logical text; out: its new text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from sys import maxsize

from msgspec import Struct

from slimify.model.dockerfile import Instruction

_ONLY_OPERATORS = re.compile(r"(?:&&|\|\|?|;|&|\)|\s)+")
_JOINS_LEFT = re.compile(r"&&|\|\|?|;|&|\)")


class _Line(Struct):
    """A physical line: `content` and `tail`, which is the escape (if any) and the line end."""

    content: str
    tail: str
    start: int  # offset in the raw text
    floor: int  # columns in front of this one belong to keyword and flags
    kind: str  # "code", "comment", "blank"
    limit: int = maxsize  # of a comment inside a command: the index of the command's last line
    touched: bool = False
    dead: bool = False

    @property
    def rest(self) -> str:
        return self.content[self.floor :]


class Change(Struct, frozen=True):
    """`value[start:end]` goes, or is replaced by `words`."""

    start: int
    end: int
    words: tuple[str, ...] = ()


class Layout:
    """The lines of one instruction, good for one change.

    `commands` are the stretches of the logical text that are commands of their own.
    """

    def __init__(self, instruction: Instruction, commands: Iterable[tuple[int, int]]) -> None:
        self.instruction = instruction
        self.lines = _lines(instruction)
        self.pieces = instruction.pieces
        self.logical = [piece.logical for piece in self.pieces]
        self.starts = [line.start for line in self.lines]
        for start, end in commands:
            # a comment between the words of a command speaks of no line behind that command
            last = self.line(end - 1)
            for line in self.lines[self.line(start) : last]:
                line.limit = last

    def line(self, offset: int) -> int:
        """The index of the line that holds the logical character at `offset`."""
        piece = self.pieces[max(bisect_right(self.logical, offset) - 1, 0)]
        return bisect_right(self.starts, piece.source + offset - piece.logical) - 1

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(line, first column, last column) of every stretch of [start, end)."""
        index = max(bisect_right(self.logical, start) - 1, 0)
        while index < len(self.pieces) and self.pieces[index].logical < end:
            piece = self.pieces[index]
            low = piece.source + max(start - piece.logical, 0)
            high = piece.source + min(end - piece.logical, piece.length)
            line = bisect_right(self.starts, low) - 1
            yield line, low - self.starts[line], high - self.starts[line]
            index += 1

    def changed(self, changes: Iterable[Change]) -> str:
        """The instruction's text with the changes, which do not overlap."""
        lines = self.lines
        newline = "\r\n" if "\r\n" in self.instruction.raw else "\n"
        originals = [line.content for line in lines]
        for change in sorted(changes, key=_start, reverse=True):
            parts = list(self._parts(change.start, change.end))
            for number, low, high in reversed(parts):
                line = lines[number]
                line.touched = True
                if change.words and (number, low, high) == parts[0]:
                    text = _laid_out(line, originals[number], low, high, change.words, newline)
                    line.content = line.content[:low] + text + line.content[high:]
                else:
                    line.content = _without(line.content, low, high, line.floor)
        for line in lines:
            line.dead = line.touched and line.floor == 0 and line.content.strip() in ("", "\\")
        _drop_comments(lines, originals)
        _join(lines, originals)
        _collapse(lines)
        _close(lines)
        return "".join(line.content + line.tail for line in lines if not line.dead)


def _start(change: Change) -> int:
    return change.start


def _lines(instruction: Instruction) -> list[_Line]:
    """The physical lines of an instruction without here-documents."""
    raw, lines, at = instruction.raw, [], 0
    first = instruction.pieces[0].source if instruction.pieces else len(raw)
    texts = re.findall(r"[^\n]*\n|[^\n]+", raw)
    for text in texts:
        body = text.rstrip("\r\n")
        kind = "code"
        if at > 0 and not body.strip():
            kind = "blank"
        elif at > 0 and body.lstrip().startswith("#"):
            kind = "comment"
        content = body
        if kind == "code":
            stripped = body.rstrip(" \t")
            if stripped.endswith("\\") and at + len(text) <= _end(instruction):
                content = stripped[:-1]
        floor = min(max(first - at, 0), len(content))
        floor = floor if content[:floor].strip() else 0
        lines.append(_Line(content, text[len(content) :], at, floor, kind))
        at += len(text)
    return lines


def _end(instruction: Instruction) -> int:
    """Where the logical text ends in the raw text."""
    last = instruction.pieces[-1] if instruction.pieces else None
    return last.source + last.length if last else len(instruction.raw)


def _without(content: str, low: int, high: int, floor: int) -> str:
    """The line without [low, high) and without the blanks this leaves doubled."""
    left, right = content[:low], content[high:]
    if floor and low <= floor:
        return content[:floor] + right.lstrip(" \t")
    if not left.strip():
        return content[: len(content) - len(content.lstrip(" \t"))] + right.lstrip(" \t")
    if not right.strip():
        return left.rstrip(" \t") + content[len(content.rstrip(" \t")) :]
    if left[-1] in " \t" and (right[0] in " \t" or _JOINS_LEFT.match(right)):
        return left.rstrip(" \t") + right
    return left + right


def _laid_out(line: _Line, original: str, low: int, high: int, words: tuple[str, ...], newline: str) -> str:
    """New words in place of one: below each other if it stood alone on its line."""
    behind = original[high:].strip()
    alone = not original[:low].strip() and (not behind or _JOINS_LEFT.match(behind))
    if not alone:
        return " ".join(words)
    below = bool(line.tail.strip()) and not behind
    end = original[high:] + line.tail if below else " \\" + newline
    return (end + original[:low]).join(words)


def _reduced(line: _Line, original: str) -> bool:
    """Whether words went from the line and only the operators behind them stayed."""
    left = line.content.strip()
    return line.touched and bool(left and _ONLY_OPERATORS.fullmatch(left)) and left != original.strip()


def _drop_comments(lines: list[_Line], originals: list[str]) -> None:
    """Comments go with the lines below them, if all of these are gone."""
    comments: list[_Line] = []
    described: list[bool] = []  # whether each line below the comments is gone

    def settle() -> None:
        if described and all(described):
            for line in comments:
                line.dead = True

    for index, (line, original) in enumerate(zip(lines, originals, strict=True)):
        if line.kind == "code":
            if comments and index <= comments[-1].limit:
                described.append(line.dead or _reduced(line, original))
            continue
        if described or line.kind == "blank":
            settle()
            comments, described = [], []
        if line.kind == "comment":
            comments.append(line)
    settle()


def _join(lines: list[_Line], originals: list[str]) -> None:
    """Pulls up a line with nothing but an operator, and what follows a `RUN` left bare."""
    previous: _Line | None = None
    apart = False  # whether comments or blank lines stand between the two
    for line, original in zip(lines, originals, strict=True):
        if line.dead:
            continue
        if line.kind != "code":
            apart = True
            continue
        if previous is not None:
            bare = previous.touched and previous.floor > 0 and not previous.rest.strip()
            if bare and not apart:
                line.content = previous.content[: previous.floor] + line.content.lstrip(" \t")
                line.floor, line.touched, previous.dead = previous.floor, True, True
            elif _reduced(line, original):
                gap = "" if line.content.lstrip()[0] in ";)" else " "
                previous.content = previous.content.rstrip(" \t") + gap + line.content.lstrip(" \t")
                if not apart:
                    previous.tail = line.tail
                line.dead = True
                continue
        previous, apart = line, False


def _collapse(lines: list[_Line]) -> None:
    """Of two groups of empty lines with nothing left between them only the first stays."""
    empty_before = gone_between = False
    for line in lines:
        if line.dead:
            gone_between = True
            continue
        empty = line.kind == "blank" or (line.kind == "code" and not line.content.strip())
        line.dead = empty and empty_before and gone_between
        if not line.dead:
            empty_before, gone_between = empty, False


def _close(lines: list[_Line]) -> None:
    """Ends the last line that is left as the last line ended."""
    code = [line for line in lines if line.kind == "code"]
    left = [line for line in code if not line.dead]
    while left and not left[-1].content.strip():
        left.pop().dead = True
    if not left or left[-1] is code[-1]:
        return
    last = left[-1]
    behind = lines[lines.index(last) + 1 :]
    for line in behind:
        line.dead = line.dead or line.kind == "blank"
    newline = "\r\n" if last.tail.endswith("\r\n") else "\n"
    at_end = not lines[-1].tail.endswith("\n") and all(line.dead for line in behind)
    last.content, last.tail = last.content.rstrip(" \t"), "" if at_end else newline
