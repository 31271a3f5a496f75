"""Edits a RUN that consists of one here-document: `RUN <<EOF`, a script, `EOF`.

A command is dropped with its lines and the comments above it. A line with several commands, or with
a command whose words change, is edited as if it were a RUN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.decisions import Reason
from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex
from slimify.model.shell import Script
from slimify.syntax.dockerfile.parser import encode, heredoc_spans, parse
from slimify.syntax.shell.edit import check_state, check_status
from slimify.syntax.shell.meaning import Span, edited_words, has_words
from slimify.syntax.shell.script import EditRefused, edit, read, read_run

_UNSPLITTABLE = frozenset({"heredoc", "background"})
_REST = regex(r"[ \t]*;?[ \t]*(#[^\n]*)?(\r?\n|\Z)")  # of a line, after its last command
_CONTINUED = regex(r"\\\r?\n\Z")


class _Segment(Struct, frozen=True):
    """Physical lines of whole commands, which end at `code`; `atoms` are their indexes."""

    start: int
    code: int
    end: int
    atoms: tuple[int, ...]


def edit_heredoc(
    instruction: Instruction,
    script: Script,
    *,
    drop: frozenset[int] = frozenset(),
    replace_words: Mapping[Span, str] = MappingProxyType({}),
    keep_state: bool = True,
) -> str | None:
    """Like `edit.edit`, for a RUN whose script is the body of its only here-document.

    Spans are offsets in that body. Also raises `EditRefused` for several here-documents and for a
    change within a multi-line compound command such as `if`.
    """
    spans = heredoc_spans(instruction)
    body = instruction.raw[slice(*spans[0])]
    own = replace(read(body), errexit=script.errexit)
    if len(spans) != 1 or own.opaque or len(own.atoms) != len(script.atoms):
        raise EditRefused(Reason.of("SL356", "no_heredoc"))
    if any(a.opaque in _UNSPLITTABLE for a in own.atoms):
        raise EditRefused(Reason.of("SL356", "heredoc_inside"))
    if len(drop) == len(script.atoms):
        return None
    if keep_state:
        check_state(script, drop)
    check_status(script, drop)
    spans_in_body = dict(
        _word_spans(script, range(len(script.atoms)), own)
    )  # `<<-` removes leading tabs from the script
    words = {spans_in_body[s]: t for s, t in replace_words.items()}
    for segment in reversed(tuple(_segments(own))):
        dropped = drop.intersection(segment.atoms)
        changed = {s: t for s, t in words.items() if segment.start <= s[0] < segment.end}
        if len(dropped) == len(segment.atoms):
            body = _without_lines(body, _comments_start(body, segment.start), segment.end)
        elif dropped or changed:
            body = (
                body[: segment.start] + _edited_segment(own, segment, dropped, changed) + body[segment.code :]
            )
    after = read(body)
    if after.opaque or not has_words(
        edited_words(after, frozenset(), {}), edited_words(own, frozenset(drop), words)
    ):
        raise EditRefused(Reason.of("SL356", "remaining_meaning"))
    start, end = spans[0]
    return instruction.raw[:start] + body + instruction.raw[end:]


def _segments(script: Script) -> Iterator[_Segment]:
    """The parts of a script that end at the end of both a command and a line."""
    text = script.text
    start, atoms = 0, list[int]()
    for index, atom in enumerate(script.atoms):
        if not atoms:
            start = text.rfind("\n", 0, atom.start) + 1
        atoms.append(index)
        last = index == len(script.atoms) - 1
        line = _REST.match(text, atom.end)
        if line is not None and (last or script.atoms[index + 1].operator != "&&"):
            yield _Segment(start, atom.end, line.end(), tuple(atoms))
            atoms = []
    if atoms:
        yield _Segment(start, len(text), len(text), tuple(atoms))


def _comments_start(text: str, start: int) -> int:
    """The start of the comments directly above a line, without a shebang."""
    while start:
        before = text.rfind("\n", 0, start - 1) + 1
        line = text[before:start].lstrip()
        if not line.startswith("#") or line.startswith("#!"):
            break
        start = before
    return start


def _without_lines(text: str, start: int, end: int) -> str:
    """The text without `start:end`. Of blank lines above and below, only one group is kept."""
    above = text[:start]
    if not above.strip() or re.search(r"\n[ \t]*\r?\n\Z", above):
        end += len(text[end:]) - len(re.sub(r"\A([ \t]*\r?\n)+", "", text[end:]))
    return above + text[end:]


def _edited_segment(
    script: Script, segment: _Segment, dropped: frozenset[int], words: Mapping[Span, str]
) -> str:
    """The text of a segment without some commands or with changed words, edited as a RUN."""
    text = script.text[segment.start : segment.code]
    lines = text.splitlines(keepends=True)
    if "<<" in text or any(not _CONTINUED.search(line) for line in lines[:-1]):
        raise EditRefused(Reason.of("SL356", "heredoc_lines"))
    if any(line.lstrip().startswith("#") for line in lines):
        raise EditRefused(Reason.of("SL356", "comment_inside"))
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    node = parse(encode(f"FROM x\nRUN {text[len(indent) :]}")).instructions[1]
    own = replace(read_run(node), errexit=script.errexit)
    if own.opaque or len(own.atoms) != len(segment.atoms):
        raise EditRefused(Reason.of("SL356", "other_meaning"))
    spans_in_body = dict(_word_spans(script, segment.atoms, own))
    if not words.keys() <= spans_in_body.keys():
        raise EditRefused(Reason.of("SL356", "no_word"))
    new = edit(
        node,
        own,
        drop=frozenset(segment.atoms.index(i) for i in dropped),
        replace_words={spans_in_body[s]: t for s, t in words.items()},
        keep_state=False,
    )
    assert new is not None
    return indent + new.removeprefix("RUN ")


def _word_spans(script: Script, atoms: Sequence[int], own: Script) -> Iterator[tuple[Span, Span]]:
    """The span of each word, in the whole script and in the RUN made of the segment."""
    for index, atom in zip(atoms, own.atoms, strict=True):
        theirs = [w for c in script.atoms[index].commands for w in c.words]
        ours = [w for c in atom.commands for w in c.words]
        if [w.value for w in theirs] != [w.value for w in ours]:
            raise EditRefused(Reason.of("SL356", "other_meaning"))
        yield from (((a.start, a.end), (b.start, b.end)) for a, b in zip(theirs, ours, strict=True))
