"""Edits a RUN: drops atoms, and drops or replaces words of the others.

To split a RUN over two stages, apply the edit twice with complementary atoms. All other bytes are
kept: comments, line layout and line ends. Lines that become empty are dropped, since BuildKit warns
about empty continuation lines and older builders end the instruction there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType

from slimify.model.decisions import Reason
from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex
from slimify.model.shell import Script
from slimify.syntax.shell.lines import Change, Layout
from slimify.syntax.shell.meaning import Span, edited_words, has_words, run_words

_UNSPLITTABLE = frozenset({"heredoc", "background", "exec form"})
_OPERATOR = regex(r"&&|;")


class EditRefused(ValueError):
    """The edit would change more than requested; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def edit(
    instruction: Instruction,
    script: Script,
    *,
    drop: frozenset[int] = frozenset(),
    replace_words: Mapping[Span, str] = MappingProxyType({}),
    keep_state: bool = True,
) -> str | None:
    """The instruction's raw text without the atoms `drop`, and with words dropped or replaced.

    `drop` holds indexes into `script.atoms`, `replace_words` a text for words of kept commands. That may be
    "" or several words separated by spaces; they get one line each if the word was alone on its line. None
    if no atom remains.

    Raises `EditRefused` if
    - the script is opaque, or has here-documents or background commands;
    - kept commands depend on a dropped one (`cd`, `export`, `[ … ] &&`) and `keep_state` is true;
    - the result would abort in other cases than before (POSIX 2.8.1: with `set -e`, an and-list
      aborts only if its last part fails);
    - the result would be parsed to other commands.
    """
    _check_arguments(instruction, script, drop, replace_words.keys())
    if script.atoms and len(drop) == len(script.atoms):
        return None
    if keep_state:
        check_state(script, drop)
    check_status(script, drop)
    layout = Layout(instruction, [(atom.start, atom.end) for atom in script.atoms])
    changes = [*_drop_changes(script, drop, layout)]
    changes += [Change(*span, words=tuple(text.split())) for span, text in replace_words.items()]
    if not changes:
        return instruction.raw
    text = layout.apply(changes)
    if not has_words(run_words(text), edited_words(script, drop, replace_words)):
        raise EditRefused(Reason.of("SL356", "edited_meaning"))
    return text


def _check_arguments(
    instruction: Instruction, script: Script, drop: frozenset[int], spans: Set[Span]
) -> None:
    if script.opaque:
        raise EditRefused(Reason.of("SL356", "unreadable", why=script.opaque))
    if instruction.heredocs or script.text != instruction.value:
        raise EditRefused(Reason.of("SL356", "heredoc"))
    if drop or spans:
        for atom in script.atoms:
            if atom.opaque in _UNSPLITTABLE:
                raise EditRefused(Reason.of("SL356", "unsplittable", why=atom.opaque))
    if not drop <= set(range(len(script.atoms))):
        raise EditRefused(Reason.of("SL356", "no_command"))
    known = {
        (word.start, word.end)
        for index, atom in enumerate(script.atoms)
        if index not in drop
        for command in atom.commands
        for word in command.words
    }
    if not spans <= known:
        raise EditRefused(Reason.of("SL356", "no_word"))


def check_state(script: Script, drop: frozenset[int]) -> None:
    """Raise `EditRefused` if a kept command depends on a dropped one."""
    last_kept = max((i for i in range(len(script.atoms)) if i not in drop), default=-1)
    for index in sorted(drop):
        atom = script.atoms[index]
        if atom.state and index < last_kept:
            raise EditRefused(Reason.of("SL356", "depends", command=script.text[atom.start : atom.end]))


def check_status(script: Script, drop: frozenset[int]) -> None:
    """Raise `EditRefused` unless the kept commands abort the build in the same cases as before."""
    if not drop:
        return
    statements: list[list[int]] = []
    for index, atom in enumerate(script.atoms):
        if atom.operator != "&&":
            statements.append([])
        statements[-1].append(index)
    kept = [[i for i in statement if i not in drop] for statement in statements]
    if not kept[-1] and not script.errexit:
        raise EditRefused(Reason.of("SL356", "exit_status"))
    last = max(i for i, statement in enumerate(kept) if statement)
    if not script.errexit:
        return
    for number, (before, after) in enumerate(zip(statements, kept, strict=True)):
        if not after:
            continue
        # errexit ignores a failure before the last `&&` of a statement, unless the script ends there
        ignored_before = set(before[:-1]) if number < len(statements) - 1 else set()
        ignored_after = set(after[:-1]) if number < last else set()
        if ignored_before & set(after) != ignored_after:
            raise EditRefused(Reason.of("SL356", "would_abort"))


def _drop_changes(script: Script, drop: frozenset[int], layout: Layout) -> Iterator[Change]:
    """The text to drop, one change for each run of adjacent atoms."""
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
            raise EditRefused(Reason.of("SL356", "operators"))
        last_line = layout.line(atoms[last].end - 1)
        trailing = layout.line(after[0]) == last_line != layout.line(before[0])
        if fits_before and (trailing or not fits_after):
            yield Change(atoms[first].start, after[1])
        else:
            yield Change(before[0], atoms[last].end)


def _runs(drop: frozenset[int]) -> list[tuple[int, int]]:
    """The first and last index of each run of adjacent atoms."""
    runs: list[tuple[int, int]] = []
    for index in sorted(drop):
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _operator(script: Script, index: int) -> tuple[int, int]:
    """The span of the operator before an atom."""
    found = _OPERATOR.search(script.text, script.atoms[index - 1].end, script.atoms[index].start)
    if not found:
        raise EditRefused(Reason.of("SL356", "no_operator"))
    return found.span()
