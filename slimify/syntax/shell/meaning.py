"""The commands that the text of a RUN is parsed to, and those that an edit of it should leave."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.model.shell import Command, Script, Word

Span = tuple[int, int]
Words = tuple[str | None, ...]  # of one command; None: any text


def read_text(text: str) -> tuple[Instruction | None, Script]:
    """The RUN in a text and its script; None and an opaque script if the text is not one RUN."""
    from slimify.syntax.dockerfile.parser import encode, parse
    from slimify.syntax.shell.script import read_run

    try:
        instructions = parse(encode(f"FROM x\n{text}\n")).instructions
    except SlimifyError as error:
        return None, Script(text=text, atoms=(), opaque=error.message)
    if [x.keyword for x in instructions[1:]] != ["RUN"]:
        return None, Script(text=text, atoms=(), opaque="not one RUN")
    return instructions[1], read_run(instructions[1])


def run_words(text: str) -> tuple[Words, ...] | None:
    """The words of each command in the text of a RUN, as written; None if it can't be parsed."""
    script = read_text(text)[1]
    return None if script.opaque else edited_words(script, frozenset(), {})


def edited_words(script: Script, drop: frozenset[int], changes: Mapping[Span, str]) -> tuple[Words, ...]:
    """The words of each command of a script without the atoms `drop`, and with words changed
    by their spans."""
    kept = (atom for index, atom in enumerate(script.atoms) if index not in drop)
    spans = sorted(changes)
    return tuple(tuple(_words(c, changes, spans)) for atom in kept for c in atom.commands)


def has_words(found: Sequence[Words] | None, expected: Sequence[Words]) -> bool:
    """Whether these are the expected commands."""
    if found is None or [len(c) for c in found] != [len(c) for c in expected]:
        return False
    pairs = (p for f, e in zip(found, expected, strict=True) for p in zip(f, e, strict=True))
    return all(wanted is None or text == wanted for text, wanted in pairs)


def _words(command: Command, changes: Mapping[Span, str], spans: Sequence[Span]) -> Iterator[str | None]:
    for name, word in command.assigns:
        yield from (name, *_changed(word, changes, spans))
    for word in command.words:
        yield from _changed(word, changes, spans)
    for redirect in command.redirects:
        yield from (redirect.op, *_changed(redirect.target, changes, spans))


def _changed(word: Word, changes: Mapping[Span, str], spans: Sequence[Span]) -> Iterator[str | None]:
    """The words that a word becomes; `spans` are those of the changes, in order."""
    at = bisect_left(spans, (word.start, 0))
    if (word.start, word.end) in changes:
        yield from changes[word.start, word.end].split()
    elif at < len(spans) and spans[at][1] <= word.end:
        yield None  # a substitution in it has changed
    else:
        yield word.text
