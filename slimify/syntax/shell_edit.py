"""The one way to change a RUN: take atoms out of it, take out or replace words of the others.

In: an Instruction and its Script; out: its new text. A split of a RUN over two stages is this edit
twice, with complementary atoms. Every byte that is not part of what goes stays: comments inside
the instruction, line layout, line ends. Lines that would be left empty go, since BuildKit warns
of empty continuation lines and older builders end the instruction there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import maxsize

from slimify.model import Instruction, Script

_UNCUTTABLE = frozenset({"heredoc", "comment", "background", "exec form"})
_OPERATOR = re.compile(r"&&|;")
_ONLY_OPERATORS = re.compile(r"(?:&&|\|\|?|;|&|\)|\s)+")
_JOINS_LEFT = re.compile(r"&&|\|\|?|;|&|\)")


class Refuses(ValueError):
    """The edit would change more than was asked for; the message says why."""


@dataclass(slots=True)
class _Line:
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


@dataclass(frozen=True, slots=True)
class _Change:
    """`value[start:end]` becomes `words`; `word` if it is one word of a command, not a cut."""

    start: int
    end: int
    words: tuple[str, ...] = ()


def edit(
    instruction: Instruction,
    script: Script,
    *,
    drop: frozenset[int] = frozenset(),
    drop_words: frozenset[tuple[int, int]] = frozenset(),
    replace_words: Mapping[tuple[int, int], str] | None = None,
    keep_state: bool = True,
) -> str | None:
    """The instruction's raw text without the atoms `drop` and with the words changed.

    `drop` holds indexes into `script.atoms`. `drop_words` and the keys of `replace_words` are
    (start, end) of words of commands that stay; a replacement may be several words separated by
    blanks, which come one a line if the word stood alone on its line. None if no atom is left.

    Raises `Refuses` if the script is opaque as a whole or has here-documents, a comment at its
    end or background commands; if an atom goes that later ones build upon (`cd`, `export`,
    `[ … ] &&`), unless `keep_state` is false; if what is left would fail where it did not before,
    or the other way round (POSIX 2.8.1 and `set -e`: an and-list aborts only at its last part).
    """
    replacements = dict(replace_words or {})
    _check(instruction, script, drop, drop_words | replacements.keys())
    if script.atoms and len(drop) == len(script.atoms):
        return None
    if keep_state:
        _check_state(script, drop)
    _check_status(script, drop)
    lines = _lines(instruction)
    _limit_comments(instruction, script, lines)
    changes = [*_cuts(instruction, script, drop, lines)]
    for span in drop_words:
        changes.append(_Change(*span))
    for span, text in replacements.items():
        changes.append(_Change(*span, words=tuple(text.split())))
    if not changes:
        return instruction.raw
    return _applied(instruction, lines, changes)


# --- what may go ----------------------------------------------------------------------------------


def _check(
    instruction: Instruction, script: Script, drop: frozenset[int], spans: frozenset[tuple[int, int]]
) -> None:
    if script.opaque:
        raise Refuses(f"the script could not be read: {script.opaque}")
    if instruction.heredocs or script.text != instruction.value:
        raise Refuses("the script is a here-document")
    if drop or spans:
        for atom in script.atoms:
            if atom.opaque in _UNCUTTABLE:
                raise Refuses(f"the script has no parts: {atom.opaque}")
    if not drop <= set(range(len(script.atoms))):
        raise Refuses("no such command")
    known = {
        (word.start, word.end)
        for index, atom in enumerate(script.atoms)
        if index not in drop
        for command in atom.commands
        for word in command.words
    }
    if not spans <= known:
        raise Refuses("no such word in the commands that stay")


def _check_state(script: Script, drop: frozenset[int]) -> None:
    last_kept = max((i for i in range(len(script.atoms)) if i not in drop), default=-1)
    for index in sorted(drop):
        atom = script.atoms[index]
        if atom.state and index < last_kept:
            raise Refuses(f"later commands depend on `{script.text[atom.start : atom.end]}`")


def _check_status(script: Script, drop: frozenset[int]) -> None:
    """Whether the kept commands abort the build in the same cases as before."""
    statements: list[list[int]] = []
    for index, atom in enumerate(script.atoms):
        if atom.operator != "&&":
            statements.append([])
        statements[-1].append(index)
    kept = [[i for i in statement if i not in drop] for statement in statements]
    if not kept[-1] and drop and not script.errexit:
        raise Refuses("the exit status of the last command is that of the whole")
    last = max(i for i, statement in enumerate(kept) if statement)
    if not script.errexit:
        return
    for number, (before, after) in enumerate(zip(statements, kept, strict=True)):
        if not after:
            continue
        # a failure in front of the last `&&` of a statement is ignored, unless the script ends there
        ignored_before = set(before[:-1]) if number < len(statements) - 1 else set()
        ignored_after = set(after[:-1]) if number < last else set()
        if ignored_before & set(after) != ignored_after:
            raise Refuses("mixed operators: a failure that was ignored would abort")


# --- cutting atoms --------------------------------------------------------------------------------


def _cuts(
    instruction: Instruction, script: Script, drop: frozenset[int], lines: list[_Line]
) -> Iterator[_Change]:
    """The stretches that go, one for each run of neighbouring atoms."""
    atoms, text = script.atoms, script.text
    where = _Mapper(instruction, lines)
    for first, last in _runs(drop):
        if first == 0:
            yield _Change(atoms[0].start, _operator(script, last + 1)[1])
            continue
        before = _operator(script, first)
        if last == len(atoms) - 1:
            yield _Change(before[0], len(text.rstrip()))
            continue
        after = _operator(script, last + 1)
        operators = {text[slice(*_operator(script, i))] for i in range(first, last + 2)}
        wanted = ";" if ";" in operators else "&&"
        fits_before, fits_after = text[slice(*before)] == wanted, text[slice(*after)] == wanted
        if not fits_before and not fits_after:
            raise Refuses("mixed operators")
        last_line = where.line(atoms[last].end - 1)
        trailing = where.line(after[0]) == last_line != where.line(before[0])
        if fits_before and (trailing or not fits_after):
            yield _Change(atoms[first].start, after[1])
        else:
            yield _Change(before[0], atoms[last].end)


def _runs(drop: frozenset[int]) -> list[tuple[int, int]]:
    """The first and last index of each run of neighbours."""
    runs: list[tuple[int, int]] = []
    for index in sorted(drop):
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _operator(script: Script, index: int) -> tuple[int, int]:
    """Where the operator in front of an atom stands."""
    found = _OPERATOR.search(script.text, script.atoms[index - 1].end, script.atoms[index].start)
    if not found:
        raise Refuses("no operator between two commands")
    return found.span()


# --- physical lines -------------------------------------------------------------------------------


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


class _Mapper:
    """Offsets in the logical text to lines and columns."""

    def __init__(self, instruction: Instruction, lines: list[_Line]) -> None:
        self.pieces = instruction.pieces
        self.logical = [piece.logical for piece in self.pieces]
        self.starts = [line.start for line in lines]

    def line(self, offset: int) -> int:
        """The index of the line that holds the character at `offset`."""
        piece = self.pieces[max(bisect_right(self.logical, offset) - 1, 0)]
        return bisect_right(self.starts, piece.source + offset - piece.logical) - 1

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(line, first column, last column) of every stretch of [start, end)."""
        index = max(bisect_right(self.logical, start) - 1, 0)
        while index < len(self.pieces) and self.pieces[index].logical < end:
            piece = self.pieces[index]
            low = piece.source + max(start - piece.logical, 0)
            high = piece.source + min(end - piece.logical, piece.length)
            line = bisect_right(self.starts, low) - 1
            yield line, low - self.starts[line], high - self.starts[line]
            index += 1


def _applied(instruction: Instruction, lines: list[_Line], changes: list[_Change]) -> str:
    where = _Mapper(instruction, lines)
    newline = "\r\n" if "\r\n" in instruction.raw else "\n"
    originals = [line.content for line in lines]
    for change in sorted(changes, key=lambda item: item.start, reverse=True):
        parts = list(where.parts(change.start, change.end))
        for number, low, high in reversed(parts):
            line = lines[number]
            line.touched = True
            if change.words and (number, low, high) == parts[0]:
                text = _laid_out(line, originals[number], low, high, change.words, newline)
                line.content = line.content[:low] + text + line.content[high:]
            else:
                line.content = _without(line.content, low, high, line.floor)
    for line in lines:
        line.dead = line.touched and line.floor == 0 and not line.content.strip()
    _drop_comments(lines, originals)
    _join(lines, originals)
    _collapse(lines)
    _close(lines)
    return "".join(line.content + line.tail for line in lines if not line.dead)


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


def _limit_comments(instruction: Instruction, script: Script, lines: list[_Line]) -> None:
    """A comment between the words of a command speaks of no line behind that command."""
    where = _Mapper(instruction, lines)
    for atom in script.atoms:
        last = where.line(atom.end - 1)
        for line in lines[where.line(atom.start) : last]:
            line.limit = last


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
