"""Which events of two stages stand for the same step: those of the same origin, and edited ones.

Steps keep their order, so as many as possible are paired in it; what is left is paired wherever it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from operator import itemgetter

from slimify.facts.packages import system_package
from slimify.model.effects import NOT_FOR_RUN_TIME
from slimify.semantics.machine.stages import Event
from slimify.semantics.paths import is_named_place
from slimify.syntax.dockerfile.instructions import meaning

# How much speaks for a pair: the same step, the same that leaves nothing, a part of its work, another install
# by the same program, and each neighbour that both have.
_SAME, _IDLE, _PART, _INSTALL, _BESIDE = 40, 4, 20, 8, 1
_CANDIDATES = 20  # of equal steps, those that are compared
_Chain = tuple[int, int, int, "_Chain | None"]  # its worth, the last pair, and what precedes that


def repeated(
    old: Sequence[Event], new: Sequence[Event], *, installs: bool = False
) -> Iterator[tuple[Event, Event]]:
    """The events of an old stage that a new one repeats, each with the one that repeats it. With `installs`,
    an install of system packages may also stand for one of others."""
    pairs = _Pairs(old, new, installs)
    chosen = pairs.in_order()
    chosen |= pairs.anywhere(chosen, _SAME, _IDLE)
    chosen |= pairs.anywhere(chosen, _PART, _INSTALL)
    return ((old[place], new[at]) for at, place in sorted(chosen.items()))


def identity(event: Event) -> Hashable:
    return event.origin or meaning(event.visit.instruction)


def _marks(event: Event, installs: bool) -> dict[Hashable, int]:
    """What an event of another file has in common if it is the same, or the same edited: a command that does
    a part of the work, another install, or another start command. Each with how much that says."""
    kinds = event.kinds
    if kinds and kinds <= NOT_FOR_RUN_TIME:
        return {identity(event): _IDLE}
    marks: dict[Hashable, int] = {identity(event): _SAME}
    if event.keyword in ("CMD", "ENTRYPOINT"):
        marks[event.keyword] = _PART
    for effect in event.effects:
        paths = (*effect.writes, *effect.outputs, *effect.deletes)
        named = [(effect.kind, effect.tool, p) for p in paths if not is_named_place(p)]
        marks |= dict.fromkeys([*((effect.action, p.name) for p in effect.packages), *named], _PART)
        if installs and kinds == {"packages"}:
            marks["packages", effect.tool] = _INSTALL
            swapped = (name for p in effect.packages for name in _in_place_of(p.name))
            marks |= dict.fromkeys(((effect.action, name) for name in swapped), _PART)
    return marks


def _in_place_of(package: str) -> tuple[str, ...]:
    """What run time needs in place of a system package; () if that is not known without its release."""
    facts = system_package(package, None)
    return (facts.counterparts or ()) if facts is not None else ()


class _Pairs:
    """The pairs that are possible between two stages, by the places of their events."""

    def __init__(self, old: Sequence[Event], new: Sequence[Event], installs: bool) -> None:
        self._old, self._new = old, new
        self._before, self._after = ([_marks(e, installs) for e in events] for events in (old, new))
        self._places: dict[Hashable, list[int]] = defaultdict(list)
        for place, marks in enumerate(self._before):
            for mark in marks:
                self._places[mark].append(place)
        self._seen: dict[Hashable, int] = defaultdict(int)
        self._found = [self._candidates(at) for at in range(len(new))]

    def _candidates(self, at: int) -> Mapping[int, int]:
        """The places of old events that an event may repeat, each with what speaks for it."""
        found: dict[int, int] = {}
        for mark, worth in self._after[at].items():
            first = max(self._seen[mark] - 1, 0)
            self._seen[mark] += 1
            for place in self._places.get(mark, ())[first : first + _CANDIDATES]:
                found[place] = max(worth, found.get(place, 0))
        return {
            place: worth for place, worth in found.items() if worth != _IDLE or self._same_shell(at, place)
        }

    def _same_shell(self, at: int, place: int) -> bool:
        return self._new[at].state.shell == self._old[place].state.shell

    def _beside(self, at: int, place: int) -> int:
        """The neighbours that both events have."""
        sides = ((at + n, place + n) for n in (-1, 1))
        there = ((a, p) for a, p in sides if 0 <= a < len(self._new) and 0 <= p < len(self._old))
        return sum(not self._after[a].keys().isdisjoint(self._before[p]) for a, p in there)

    def in_order(self) -> dict[int, int]:
        """The pairs of most worth in which no step has changed its place: new event -> old event."""
        best: list[_Chain] = []  # by their last places; each is worth more than those before it
        for at, found in enumerate(self._found):
            chains: list[_Chain] = []
            for place, worth in found.items():
                end = bisect_left(best, place, key=itemgetter(1))
                before = best[end - 1] if end else None
                total = worth + self._beside(at, place) + (before[0] if before is not None else 0)
                chains.append((total, place, at, before))
            for chain in chains:
                _add_chain(best, chain)
        chosen: dict[int, int] = {}
        last = best[-1] if best else None
        while last is not None:
            chosen[last[2]] = last[1]
            last = last[3]
        return chosen

    def anywhere(self, chosen: Mapping[int, int], *worths: int) -> dict[int, int]:
        """Pairs of the events that are left, for which one of these speaks."""
        taken, more = set(chosen.values()), dict[int, int]()
        for at, found in enumerate(self._found):
            free = [p for p, worth in found.items() if worth in worths and p not in taken]
            if at not in chosen and free:
                more[at] = max(free, key=lambda p: (found[p], self._beside(at, p), -p))
                taken.add(more[at])
        return more


def _add_chain(best: list[_Chain], chain: _Chain) -> None:
    """Adds a chain, in place of those that end later and are worth no more."""
    total, place, *_ = chain
    start = end = bisect_left(best, place, key=itemgetter(1))
    if start and best[start - 1][0] >= total:
        return
    if start < len(best) and best[start][1] == place and best[start][0] >= total:
        return
    while end < len(best) and best[end][0] <= total:
        end += 1
    best[start:end] = [chain]
