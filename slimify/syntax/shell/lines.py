"""The physical lines of an instruction, and their layout after parts are dropped or replaced."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from sys import maxsize

from msgspec import Struct

from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex

_ONLY_OPERATORS = regex(r"(?:&&|\|\|?|;|&|\)|\s)+")
_JOINS_LEFT = regex(r"&&|\|\|?|;|&|\)")


class _Line(Struct):
    """A physical line. `tail` is its line end, with a preceding escape if there is one."""

    content: str
    tail: str
    start: int  # offset in the raw text
    floor: int  # keyword and flags end at this column
    kind: str  # "code", "comment", "blank"
    limit: int = maxsize  # of a comment within a command: the index of the command's last line
    touched: bool = False
    dropped: bool = False

    @property
    def rest(self) -> str:
        return self.content[self.floor :]


class Change(Struct, frozen=True):
    """Drops `value[start:end]` or replaces it by `words`."""

    start: int
    end: int
    words: tuple[str, ...] = ()


class Layout:
    """The lines of an instruction without here-documents; can be changed once.

    `commands` are the spans of its commands in the logical text.
    """

    def __init__(self, instruction: Instruction, commands: Iterable[tuple[int, int]]) -> None:
        self.instruction = instruction
        self.lines = _lines(instruction)
        self.pieces = instruction.pieces
        self.logical = [piece.logical for piece in self.pieces]
        self.starts = [line.start for line in self.lines]
        for start, end in commands:
            # a comment between the words of a command does not describe lines after that command
            last = self.line(end - 1)
            for line in self.lines[self.line(start) : last]:
                line.limit = last

    def line(self, offset: int) -> int:
        """The index of the line with the logical character at `offset`."""
        piece = self.pieces[max(bisect_right(self.logical, offset) - 1, 0)]
        return bisect_right(self.starts, piece.source + offset - piece.logical) - 1

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(line, first column, end column) of each part of [start, end)."""
        index = max(bisect_right(self.logical, start) - 1, 0)
        while index < len(self.pieces) and self.pieces[index].logical < end:
            piece = self.pieces[index]
            low = piece.source + max(start - piece.logical, 0)
            high = piece.source + min(end - piece.logical, piece.length)
            line = bisect_right(self.starts, low) - 1
            yield line, low - self.starts[line], high - self.starts[line]
            index += 1

    def apply(self, changes: Iterable[Change]) -> str:
        """The instruction's text with `changes` applied, which must not overlap."""
        lines = self.lines
        newline = "\r\n" if "\r\n" in self.instruction.raw else "\n"
        originals = [line.content for line in lines]
        for change in sorted(changes, key=_start, reverse=True):
            parts = list(self._parts(change.start, change.end))
            for number, low, high in reversed(parts):
                line = lines[number]
                line.touched = True
                if change.words and (number, low, high) == parts[0]:
                    text = _replacement(line, originals[number], low, high, change.words, newline)
                    line.content = line.content[:low] + text + line.content[high:]
                else:
                    line.content = _without(line.content, low, high, line.floor)
        for line in lines:
            line.dropped = line.touched and line.floor == 0 and line.content.strip() in ("", "\\")
        _drop_comments(lines, originals)
        _join_lines(lines, originals)
        _collapse_blank_lines(lines)
        _end_last_line(lines)
        return "".join(line.content + line.tail for line in lines if not line.dropped)


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
    """The offset in the raw text where the logical text ends."""
    last = instruction.pieces[-1] if instruction.pieces else None
    return last.source + last.length if last else len(instruction.raw)


def _without(content: str, low: int, high: int, floor: int) -> str:
    """The line without [low, high) and without the duplicate spaces this leaves."""
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


def _replacement(
    line: _Line, original: str, low: int, high: int, words: tuple[str, ...], newline: str
) -> str:
    """The words that replace one: on a line each if it was alone on its line."""
    behind = original[high:].strip()
    alone = not original[:low].strip() and (not behind or _JOINS_LEFT.match(behind))
    if not alone:
        return " ".join(words)
    below = bool(line.tail.strip()) and not behind
    end = original[high:] + line.tail if below else " \\" + newline
    return (end + original[:low]).join(words)


def _has_only_operators(line: _Line, original: str) -> bool:
    """Whether words were dropped from the line and only operators remain."""
    left = line.content.strip()
    return line.touched and bool(left and _ONLY_OPERATORS.fullmatch(left)) and left != original.strip()


def _drop_comments(lines: list[_Line], originals: list[str]) -> None:
    """Drop the comments above lines that are all dropped."""
    comments: list[_Line] = []
    described: list[bool] = []  # whether each line below the comments is dropped

    def drop_described() -> None:
        if described and all(described):
            for line in comments:
                line.dropped = True

    for index, (line, original) in enumerate(zip(lines, originals, strict=True)):
        if line.kind == "code":
            if comments and index <= comments[-1].limit:
                described.append(line.dropped or _has_only_operators(line, original))
            continue
        if described or line.kind == "blank":
            drop_described()
            comments, described = [], []
        if line.kind == "comment":
            comments.append(line)
    drop_described()


def _join_lines(lines: list[_Line], originals: list[str]) -> None:
    """Join a line that has only an operator to the one above, and the first command to a bare `RUN`."""
    previous: _Line | None = None
    separated = False  # whether comments or blank lines separate the two
    for line, original in zip(lines, originals, strict=True):
        if line.dropped:
            continue
        if line.kind != "code":
            separated = True
            continue
        if previous is not None:
            bare = previous.touched and previous.floor > 0 and not previous.rest.strip()
            if bare and not separated:
                line.content = previous.content[: previous.floor] + line.content.lstrip(" \t")
                line.floor, line.touched, previous.dropped = previous.floor, True, True
            elif _has_only_operators(line, original):
                gap = "" if line.content.lstrip()[0] in ";)" else " "
                previous.content = previous.content.rstrip(" \t") + gap + line.content.lstrip(" \t")
                if not separated:
                    previous.tail = line.tail
                line.dropped = True
                continue
        previous, separated = line, False


def _collapse_blank_lines(lines: list[_Line]) -> None:
    """Drop the second of two groups of empty lines that have become adjacent."""
    empty_before = dropped_between = False
    for line in lines:
        if line.dropped:
            dropped_between = True
            continue
        empty = line.kind == "blank" or (line.kind == "code" and not line.content.strip())
        line.dropped = empty and empty_before and dropped_between
        if not line.dropped:
            empty_before, dropped_between = empty, False


def _end_last_line(lines: list[_Line]) -> None:
    """Give the last remaining line the line end of the original last line."""
    code = [line for line in lines if line.kind == "code"]
    left = [line for line in code if not line.dropped]
    while left and not left[-1].content.strip():
        left.pop().dropped = True
    if not left or left[-1] is code[-1]:
        return
    last = left[-1]
    behind = lines[lines.index(last) + 1 :]
    for line in behind:
        line.dropped = line.dropped or line.kind == "blank"
    newline = "\r\n" if last.tail.endswith("\r\n") else "\n"
    at_end = not lines[-1].tail.endswith("\n") and all(line.dropped for line in behind)
    last.content, last.tail = last.content.rstrip(" \t"), "" if at_end else newline
