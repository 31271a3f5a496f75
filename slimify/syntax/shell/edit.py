"""The one way to change a RUN: take atoms out of it, take out or replace words of the others.

In: an Instruction and its Script; out: its new text. A split of a RUN over two stages is this edit
twice, with complementary atoms. Every byte that is not part of what goes stays: comments inside
the instruction, line layout, line ends. Lines that would be left empty go, since BuildKit warns
of empty continuation lines and older builders end the instruction there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slimify.model.dockerfile import Instruction
from slimify.model.shell import Script
from slimify.syntax.shell.lines import Change, Layout

_UNCUTTABLE = frozenset({"heredoc", "comment", "background", "exec form"})
_OPERATOR = re.compile(r"&&|;")


class Refuses(ValueError):
    """The edit would change more than was asked for; the message says why."""


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
        check_state(script, drop)
    check_status(script, drop)
    layout = Layout(instruction, [(atom.start, atom.end) for atom in script.atoms])
    changes = list(_cuts(script, drop, layout))
    for span in drop_words:
        changes.append(Change(*span))
    for span, text in replacements.items():
        changes.append(Change(*span, words=tuple(text.split())))
    if not changes:
        return instruction.raw
    return layout.changed(changes)


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


def check_state(script: Script, drop: frozenset[int]) -> None:
    """Whether no command that stays builds upon one that goes. Raises `Refuses`."""
    last_kept = max((i for i in range(len(script.atoms)) if i not in drop), default=-1)
    for index in sorted(drop):
        atom = script.atoms[index]
        if atom.state and index < last_kept:
            raise Refuses(f"later commands depend on `{script.text[atom.start : atom.end]}`")


def check_status(script: Script, drop: frozenset[int]) -> None:
    """Whether the kept commands abort the build in the same cases as before. Raises `Refuses`."""
    if not drop:
        return
    statements: list[list[int]] = []
    for index, atom in enumerate(script.atoms):
        if atom.operator != "&&":
            statements.append([])
        statements[-1].append(index)
    kept = [[i for i in statement if i not in drop] for statement in statements]
    if not kept[-1] and not script.errexit:
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


def _cuts(script: Script, drop: frozenset[int], layout: Layout) -> Iterator[Change]:
    """The stretches that go, one for each run of neighbouring atoms."""
    atoms, text = script.atoms, script.text
    for first, last in _runs(drop):
        if first == 0:
            yield Change(atoms[0].start, _operator(script, last + 1)[1])
            continue
        before = _operator(script, first)
        if last == len(atoms) - 1:
            yield Change(before[0], len(text.rstrip()))
            continue
        after = _operator(script, last + 1)
        operators = {text[slice(*_operator(script, i))] for i in range(first, last + 2)}
        wanted = ";" if ";" in operators else "&&"
        fits_before, fits_after = text[slice(*before)] == wanted, text[slice(*after)] == wanted
        if not fits_before and not fits_after:
            raise Refuses("mixed operators")
        last_line = layout.line(atoms[last].end - 1)
        trailing = layout.line(after[0]) == last_line != layout.line(before[0])
        if fits_before and (trailing or not fits_after):
            yield Change(atoms[first].start, after[1])
        else:
            yield Change(before[0], atoms[last].end)


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
