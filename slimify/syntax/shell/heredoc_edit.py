"""The change of a RUN that is one here-document: `RUN <<EOF`, shell text, `EOF`.

Its lines are the shell's own. A command goes with its lines and the comments above it; a line with several
commands, or with a command whose words change, is edited like a RUN of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.dockerfile import Instruction
from slimify.model.shell import Script
from slimify.syntax.dockerfile.parser import encode, heredoc_spans, parse
from slimify.syntax.shell.edit import check_state, check_status
from slimify.syntax.shell.script import Refuses, edit, read, read_run

Span = tuple[int, int]

_UNCUTTABLE = frozenset({"heredoc", "background"})
_REST = re.compile(r"[ \t]*;?[ \t]*(#[^\n]*)?(\r?\n|\Z)")  # of the line of a command that stands last on it
_CONTINUED = re.compile(r"\\\r?\n\Z")


class _Segment(Struct, frozen=True):
    """Physical lines that hold whole commands, and up to `code` nothing else: `atoms` are their indexes."""

    start: int
    code: int
    end: int
    atoms: tuple[int, ...]


def edit_heredoc(
    instruction: Instruction,
    script: Script,
    *,
    drop: frozenset[int] = frozenset(),
    drop_words: frozenset[Span] = frozenset(),
    replace_words: Mapping[Span, str] | None = None,
    keep_state: bool = True,
) -> str | None:
    """As `edit` of a plain RUN, for one whose script is the body of its only here-document; spans are offsets
    in that body. Raises `Refuses` also where it has others, or several lines that only belong together (`if`)
    and of which a part changes."""
    spans = heredoc_spans(instruction)
    body = instruction.raw[slice(*spans[0])]
    own = replace(read(body), errexit=script.errexit)
    if len(spans) != 1 or own.opaque or len(own.atoms) != len(script.atoms):
        raise Refuses("the script is not the body of its here-document")
    if any(a.opaque in _UNCUTTABLE for a in own.atoms):
        raise Refuses("the script has no parts: a here-document or background commands in it")
    if len(drop) == len(script.atoms):
        return None
    if keep_state:
        check_state(script, drop)
    check_status(script, drop)
    places = dict(_places(script, range(len(script.atoms)), own))  # tabs of `<<-` are not in the script
    words = {places[s]: t for s, t in {**dict.fromkeys(drop_words), **(replace_words or {})}.items()}
    for segment in reversed(tuple(_segments(own))):
        gone = drop.intersection(segment.atoms)
        changed = {s: t for s, t in words.items() if segment.start <= s[0] < segment.end}
        if len(gone) == len(segment.atoms):
            body = _without(body, _above(body, segment.start), segment.end)
        elif gone or changed:
            body = body[: segment.start] + _edited(own, segment, gone, changed) + body[segment.code :]
    if len(read(body).atoms) != len(script.atoms) - len(drop):
        raise Refuses("what would be left does not read as what it was")
    start, end = spans[0]
    return instruction.raw[:start] + body + instruction.raw[end:]


def _segments(script: Script) -> Iterator[_Segment]:
    """The parts of a script that end where a command and its line do."""
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


def _above(text: str, start: int) -> int:
    """Where the comments directly above a line begin; not the line that names an interpreter."""
    while start:
        before = text.rfind("\n", 0, start - 1) + 1
        line = text[before:start].lstrip()
        if not line.startswith("#") or line.startswith("#!"):
            break
        start = before
    return start


def _without(text: str, start: int, end: int) -> str:
    """The text without whole lines; of blank lines above and below these, one group stays."""
    above = text[:start]
    if not above.strip() or re.search(r"\n[ \t]*\r?\n\Z", above):
        end += len(text[end:]) - len(re.sub(r"\A([ \t]*\r?\n)+", "", text[end:]))
    return above + text[end:]


def _edited(script: Script, segment: _Segment, gone: frozenset[int], words: Mapping[Span, str | None]) -> str:
    """The lines of a segment of which commands or words go, edited as a RUN."""
    text = script.text[segment.start : segment.code]
    lines = text.splitlines(keepends=True)
    if "<<" in text or any(not _CONTINUED.search(line) for line in lines[:-1]):
        raise Refuses("several lines of a here-document that only belong together")
    if any(line.lstrip().startswith("#") for line in lines):
        raise Refuses("a comment inside a command")
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    node = parse(encode(f"FROM x\nRUN {text[len(indent) :]}")).instructions[1]
    own = replace(read_run(node), errexit=script.errexit)
    if own.opaque or len(own.atoms) != len(segment.atoms):
        raise Refuses("a line that reads otherwise by itself")
    places = dict(_places(script, segment.atoms, own))
    if not words.keys() <= places.keys():
        raise Refuses("no such word in the commands that stay")
    new = edit(
        node,
        own,
        drop=frozenset(segment.atoms.index(i) for i in gone),
        drop_words=frozenset(places[s] for s, t in words.items() if t is None),
        replace_words={places[s]: t for s, t in words.items() if t is not None},
        keep_state=False,
    )
    assert new is not None
    return indent + new.removeprefix("RUN ")


def _places(script: Script, atoms: Sequence[int], own: Script) -> Iterator[tuple[Span, Span]]:
    """Each word of the segment: its place in the whole script, and in the RUN made of the segment."""
    for index, atom in zip(atoms, own.atoms, strict=True):
        theirs = [w for c in script.atoms[index].commands for w in c.words]
        ours = [w for c in atom.commands for w in c.words]
        if [w.value for w in theirs] != [w.value for w in ours]:
            raise Refuses("a line that reads otherwise by itself")
        yield from (((a.start, a.end), (b.start, b.end)) for a, b in zip(theirs, ours, strict=True))
