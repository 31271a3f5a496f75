"""Which events of two stages stand for the same step: those of the same origin, and edited ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterator, Sequence
from itertools import groupby

from slimify.semantics.machine.stages import Event
from slimify.semantics.paths import is_named_place
from slimify.syntax.dockerfile.instructions import meaning


def repeated(old: Sequence[Event], new: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """The events of an old stage that a new one repeats, each with the one that repeats it. Of equal ones,
    the one whose RUN has the others of the new RUN is meant, else the next one in the file's order."""
    before, after = ({identity(e) for e in events} for events in (old, new))
    waiting: dict[Hashable, dict[int, list[Event]]] = defaultdict(dict)
    for event in old:
        for mark in _marks(event, after):
            waiting[mark].setdefault(event.visit.index, []).append(event)
    last = 0  # the index of the instruction that was found last
    for _, group in groupby(new, key=lambda e: id(e.visit)):
        events = [(e, [waiting[m] for m in _marks(e, before) if m in waiting]) for e in group]
        homes = [next(iter(runs)) for _, found in events for runs in found if len(runs) == 1]
        for event, found in events:
            for runs in filter(None, found):
                later = (r for r in runs if r >= last)
                last = next((h for h in homes if h in runs), None) or next(later, None) or next(iter(runs))
                yield runs[last].pop(0), event
                if not runs[last]:
                    del runs[last]
                break


def identity(event: Event) -> Hashable:
    return event.origin or meaning(event.visit.instruction)


def _marks(event: Event, others: Container[Hashable]) -> Iterator[Hashable]:
    """What an event of the other file has in common if it is the same or, if `others` has none, if it is the
    same edited: a command that does a part of the work, or another start command."""
    own = identity(event)
    if own in others:
        yield own
    elif event.keyword in ("CMD", "ENTRYPOINT"):
        yield event.keyword
    for effect in event.effects if own not in others else ():
        yield from ((effect.action, p.name) for p in effect.packages)
        paths = (*effect.writes, *effect.outputs, *effect.deletes)
        yield from ((effect.kind, effect.tool, p) for p in paths if not is_named_place(p))
