"""Which system packages and programs a stage has, at its end or before a command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.analysis.packages.system import system_package
from slimify.facts.carried import carried, installed
from slimify.facts.image_tables import image_packages
from slimify.facts.images import ImageFacts
from slimify.facts.packages import PackageFacts
from slimify.semantics.machine.stages import Event, Stage


def packages_left(events: Sequence[Event]) -> frozenset[str]:
    """The system packages that the events install and don't remove. Removing a virtual group (apk) removes
    its members."""
    have: dict[str, None] = {}
    groups: dict[str, list[str]] = {}
    for effect in (e for event in events for e in event.effects):
        names = [p.name for p in effect.packages]
        if effect.kind == "packages":
            have |= dict.fromkeys(names)
            groups.setdefault(effect.action.rpartition(" ")[2], []).extend(names)
        elif effect.kind == "unpackage":
            for name in names:
                for gone in (name, *groups.get(name, ())):
                    have.pop(gone, None)
    return frozenset(have)


def before(stage: Stage, number: int) -> tuple[Event, ...]:
    """The events before an event number."""
    return tuple(e for e in stage.events if e.number < number)


def base_packages(facts: ImageFacts | None) -> frozenset[str]:
    """The packages of a base image, as far as they are known."""
    if facts is None:
        return frozenset()
    return installed(facts, nearest=True) | image_packages(facts.repository)


def facts_about(name: str, facts: ImageFacts | None) -> PackageFacts | None:
    """Facts about a package in the distribution of a base image."""
    return system_package(name, facts.distro if facts else None, facts.suite if facts else None)


def providers(program: str, names: frozenset[str], facts: ImageFacts | None) -> frozenset[str]:
    """The packages among `names` that bring a program."""
    found = ((name, facts_about(name, facts)) for name in names)
    return frozenset(
        n for n, known in found if program in (n, *(known.commands if known is not None else ()))
    )


def lost_programs(old: ImageFacts | None, new: ImageFacts | None) -> dict[str, str]:
    """The programs that the old base image has and the new one lacks, each with the package that brings it,
    "" if there is none."""
    if old is None or new is None or old.reference == new.reference:
        return {}
    lost = {c: p for c, p in carried(old).commands.items() if c not in old.commands}
    own = set(old.commands) - set(new.commands) if old.family != new.family else set()
    return lost | dict.fromkeys(own, "")


def programs_of(event: Event) -> Iterator[str]:
    """The programs that a command starts."""
    for effect in event.effects:
        for tool in (effect.tool, *effect.tools):
            yield tool.rpartition("/")[2]
