"""The cleaners of a stage that stays, in order: each is a function Program, Options -> Edits.

A cleaner gets the file as the previous one left it, and is called again until it has nothing to change. So
are all of them together: what they leave is what they would leave in a second run.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import count, islice

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Decision
from slimify.planning.in_place.archives import archives
from slimify.planning.in_place.build_packages import build_packages
from slimify.planning.in_place.caches import caches
from slimify.planning.in_place.chown_to_copy import chown_to_copy
from slimify.planning.in_place.dependencies_first import dependencies_first
from slimify.planning.in_place.development_stage import development_parts, development_stage
from slimify.planning.in_place.edits import Draft, Edits
from slimify.planning.in_place.list_updates import list_updates
from slimify.planning.in_place.mounts import mounts
from slimify.planning.in_place.recommended import recommended
from slimify.planning.in_place.removals import removals
from slimify.syntax.shell.script import EditRefused

Cleaner = Callable[[Program, Options], Edits]


def cleaners(left: Container[str] = ()) -> tuple[Cleaner, ...]:
    """The cleaners; in the RUN instructions `left`, caches stay."""
    return (*_FIRST, lambda program, _: caches(program, left), lambda program, _: recommended(program))


_FIRST: tuple[Cleaner, ...] = (
    lambda program, _: list_updates(program),
    lambda program, _: removals(program),
    lambda program, _: _development(program),
    development_stage,
    lambda program, _: dependencies_first(program),
    lambda program, options: build_packages(program, asked=options.single_stage),
    lambda program, _: archives(program),
    lambda program, _: chown_to_copy(program),
    mounts,
)


def _development(program: Program) -> Edits:
    """Removes development packages, for the first language whose installs include any. Images that start
    from this one may use them."""
    if program.bases:
        return Edits()
    told: list[Decision] = []
    for part in development_parts(program):
        edits = part.without_development(program)
        if edits.changes:
            return edits
        told += edits.decisions
    return Edits(decisions=tuple(told))


CLEANERS = cleaners()

_MAX_EDITS = 50  # per cleaner and pass; each edit shrinks the file or improves its order
_MAX_PASSES = 5
_MOST_READ = 15_000  # instructions and comments that all edits of a file may read again
_LEAST_TURNS = 60


def cleaned(
    draft: Draft,
    options: Options,
    read: Callable[[str], Program],
    passes: Sequence[Cleaner] = CLEANERS,
) -> Draft:
    """The draft in which none of the passes has anything to change. A file for which that takes too long
    stays as it is: a second run would go on where this one stops."""
    start, turns = draft, iter(range(max(_LEAST_TURNS, _MOST_READ // len(draft.program.dockerfile.nodes))))
    draft = cleaned_once(passes, draft, options, read, turns)
    for _ in range(_MAX_PASSES):
        more = cleaned_once(passes, draft.without_advice(), options, read, turns)
        if more.text == draft.text:
            break
        draft = more
    return draft if next(turns, None) is not None else start


def cleaned_once(
    passes: Iterable[Cleaner],
    draft: Draft,
    options: Options,
    read: Callable[[str], Program],
    turns: Iterator[int] | None = None,
) -> Draft:
    """The draft after each of some cleaners. `read` reads a text, `turns` are how often they may look at
    one."""
    for clean in passes:
        for _ in islice(turns or count(), _MAX_EDITS):
            edits = next_edits(clean, draft, options)
            draft = draft.edited(edits)
            if not edits.changes:
                break
            draft = replace(draft, program=read(draft.text))
    return draft


def next_edits(clean: Cleaner, draft: Draft, options: Options) -> Edits:
    """The edits of a cleaner to the draft as it is now. None if they are not possible, or would repeat what
    it has done: such an edit would never end."""
    try:
        edits = clean(draft.program, options)
    except EditRefused:
        return Edits()
    made = draft.user_decisions(edits)
    repeated = edits.changes and made and all(d in draft.decisions for d in made)
    return Edits() if repeated else edits
