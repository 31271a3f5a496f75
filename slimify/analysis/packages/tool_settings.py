"""Settings and caches of programs that only the build calls: git configuration, passwords in ~/.netrc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slimify.analysis.roles.model import Given
from slimify.facts.commands import readers_of

if TYPE_CHECKING:
    from slimify.analysis.packages.package_verdicts import PackageUsage


def has_reader(path: str, usage: PackageUsage) -> bool:
    """Whether run time may read what the build left at a path: not if it is only for programs of which
    none is started or imported, where all programs that are started are known."""
    readers, needs = readers_of(path, usage.application), usage.needs
    used = {*needs.commands, *(use.name for use in needs.sources.imports)}
    return not readers or usage.unknown_programs is not None or not used.isdisjoint(readers)


def build_only_reader(given: Given, paths: Sequence[str]) -> str:
    """The program that reads these settings files, if neither run time nor a package of the final stage needs
    it; "" otherwise. Such files often hold secrets that must not enter the image."""
    known = [readers_of(path, given.language) for path in paths]
    stay = {v.name for verdicts in given.packages.values() for v in verdicts if v.role != "build"}
    if (
        not known
        or not all(known)
        or any(n in (*given.runtime_commands, *stay) for names in known for n in names)
    ):
        return ""
    return known[0][0]
