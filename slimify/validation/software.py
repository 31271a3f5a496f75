"""Which system packages and programs a stage has, at its end or before a command."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from slimify.facts.carried import installed, lost_package
from slimify.facts.image_tables import image_packages
from slimify.facts.images import ImageFacts
from slimify.facts.packages import programs_in
from slimify.facts.recommends import brought_along
from slimify.model.effects import Effect, SystemManager
from slimify.semantics.machine.stages import Event

_WITH_OTHERS = {"autoremove", "--autoremove", "--auto-remove"}  # apt-get(8)


def packages_left(events: Sequence[Event], before: Iterable[str] = ()) -> frozenset[str]:
    """The system packages that the events install and don't remove, and those that are there `before`."""
    return Packages(events, before).at_end


class Packages:
    """The system packages of a stage over time. Removing a virtual group (apk) removes its members."""

    def __init__(self, events: Sequence[Event], before: Iterable[str] = ()) -> None:
        have: dict[str, None] = dict.fromkeys(before)
        self._numbers: list[int] = []
        self._sets: list[frozenset[str]] = []
        self._first = frozenset(have)
        groups: dict[str, list[str]] = {}
        for event in events:
            for effect in event.effects:
                _take(effect, have, groups)
            if event.kinds & {"packages", "unpackage"}:
                self._numbers.append(event.number)
                self._sets.append(frozenset(have))

    @property
    def at_end(self) -> frozenset[str]:
        return self._sets[-1] if self._sets else self._first

    def before(self, number: int) -> frozenset[str]:
        """The packages before an event number."""
        at = bisect_left(self._numbers, number)
        return self._sets[at - 1] if at else self._first


def came_along(events: Sequence[Event], facts: ImageFacts | None) -> frozenset[str]:
    """The packages that apt installed beside those that the events name, as far as they are known, without
    those that it removed with them."""
    if facts is None:
        return frozenset()
    found: dict[str, frozenset[str]] = {}
    removed: set[str] = set()
    for effect in (e for event in events for e in event.effects if e.manager == SystemManager.APT):
        words = {w.value for w in effect.command.words}
        names = {package.name for package in effect.packages}
        if effect.kind == "packages":
            recommended = not effect.sparing
            found |= {n: frozenset(brought_along(n, facts.suite, recommended=recommended)) for n in names}
            removed -= names
        elif effect.kind == "unpackage":
            removed |= names
            if words & _WITH_OTHERS:
                found = {name: brought for name, brought in found.items() if name not in removed}
    return frozenset().union(*found.values())


def _take(effect: Effect, have: dict[str, None], groups: dict[str, list[str]]) -> None:
    names = [p.name for p in effect.packages]
    if effect.kind == "packages":
        have |= dict.fromkeys(names)
        groups.setdefault(effect.subject, []).extend(names)
    elif effect.kind == "unpackage":
        for name in names:
            for gone in (name, *groups.get(name, ())):
                have.pop(gone, None)


def base_packages(facts: ImageFacts | None) -> frozenset[str]:
    """The packages of a base image, as far as they are known."""
    if facts is None:
        return frozenset()
    return installed(facts, nearest=True) | image_packages(facts.repository)


def providers(program: str, names: frozenset[str], facts: ImageFacts | None) -> frozenset[str]:
    """The packages among `names` that bring a program."""
    return frozenset(name for name in names if program in programs_in(name, facts))


def package_of_lost(program: str, old: ImageFacts | None, new: ImageFacts | None) -> str | None:
    """The package of a program, given by name or path, that the old base image has and the new one lacks; ""
    if no package brings it, None for other programs."""
    if old is None or new is None or old.reference == new.reference:
        return None
    own = old.family != new.family and program in old.commands and program not in new.commands
    return "" if own else lost_package(old, program)


def programs_of(event: Event) -> Iterator[str]:
    """The programs that a command starts."""
    for effect in event.effects:
        for tool in (effect.tool, *effect.tools):
            yield tool.rpartition("/")[2]
