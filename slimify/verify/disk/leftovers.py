"""Lists files of the application that the rewritten image lacks. They are notes, not differences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from slimify.facts.language_files import all_files, either, files_of
from slimify.facts.system import is_systems, pattern, tool_prefixes
from slimify.image.model import Entry
from slimify.model.counts import counted
from slimify.verify.disk.evidence import Evidence, is_ephemeral
from slimify.verify.model import Check, disk_check

_SHOWN = 3
_SMALLEST_REPORTED = 4096  # bytes in a directory


def is_waste(path: str) -> bool:
    """Whether a file is certainly unused at run time: caches, version control, build files."""
    return any(waste.search(path) for waste in (pattern("waste"), *_language_waste()))


@cache
def _language_waste() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for one in all_files() for pattern in one.waste)


def missing_application_files(evidence: Evidence, application: Iterable[str], language: str | None) -> Check:
    """A note about files below `application` that only the original has, without waste and compiled
    sources: their number, size and examples."""
    sources = either(files_of(language).sources)
    gone = [
        entry
        for entry in _missing_entries(evidence, application)
        if not is_waste(entry.path) and not (sources and sources.search(entry.path))
    ]
    if not gone:
        return disk_check("application", (), "every file that run time could need exists")
    shown = ", ".join(entry.path for entry in gone[:_SHOWN])
    example = f", for example {shown}" if len(gone) > _SHOWN else f": {shown}"
    text = f"{_count_and_size(gone)} left out{example}"
    return disk_check("application", (), text, note=True)


def _count_and_size(entries: list[Entry]) -> str:
    return f"{counted(len(entries), 'file')} ({counted(sum(entry.size for entry in entries), 'byte')})"


def missing_data_elsewhere(evidence: Evidence, application: Iterable[str]) -> Check:
    """A note about data in other directories that only the original has: models, browsers, corpora. Files of
    the system, packages, compilers and caches don't count."""
    toolchains = (place for one in all_files() for place in one.own_directories)
    own = (*(f"{place}/" for place in application), *tool_prefixes(), *toolchains)
    places: dict[str, list[Entry]] = {}
    for entry in _missing_entries(evidence, ("/",)):
        path = entry.path
        if (
            path.startswith(own)
            or is_systems(path)
            or is_waste(path)
            or is_ephemeral(path)
            or evidence.before.packages.owner_of(path)
        ):
            continue
        places.setdefault("/".join(path.split("/")[:3]), []).append(entry)
    large = sorted(places.items(), key=lambda item: -sum(entry.size for entry in item[1]))
    named = [
        f"{place}: {_count_and_size(entries)}"
        for place, entries in large
        if sum(e.size for e in entries) >= _SMALLEST_REPORTED
    ]
    if not named:
        return disk_check("data elsewhere", (), "none is left out")
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    detail = f"left out: {', '.join(named[:_SHOWN])}{more}"
    return disk_check("data elsewhere", (), detail, note=True)


def _missing_entries(evidence: Evidence, application: Iterable[str]) -> Iterator[Entry]:
    before, after = evidence.before.files, evidence.after.files
    for place in application:
        real = before.place(place)
        for entry in before.walk(real) if real else ():
            own = before.layer(entry.path)
            if entry.kind == "directory" or own is None or own < evidence.before.first_own_layer:
                continue
            if after.get(entry.path) is None and evidence.after.entry(entry.path) is None:
                yield entry
