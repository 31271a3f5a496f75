"""Removals of files in the directories that pip fills.

These directories are copied from the builder after the removal. Repeated after the copy, it would remove
packages installed later, or fail on missing files. Only packages of the base image must be removed in the
final stage, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.roles.model import Given
from slimify.languages.python.commands.environments import SITE
from slimify.model.effects import Effect
from slimify.model.regex import regex

# Debian's own packages are in /usr/lib/python3, where pip installs nothing.
_PACKAGES = regex(r"(?!/usr/lib/python3/)/.*lib/python[^/]*/(?:site|dist)-packages/(?P<name>.+)")
# Part of every python image (docker-library/python: pip, and setuptools and wheel up to 3.11).
_OF_THE_BASE = regex(r"(?:pip|setuptools|wheel|pkg_resources|_?distutils|easy_install)[^/]*")


def only_removes_package_files(given: Given, where: AtomKey, effects: Sequence[Effect]) -> bool:
    """Whether a command only removes package files that the builder installed before. Packages of the base
    count only if a later step installs again."""
    found = [_PACKAGES.fullmatch(d) for e in effects for d in e.deletes]
    if not found or not all(found) or any(e.writes or e.outputs or e.writes_anywhere for e in effects):
        return False
    installs = _installs(given)
    if not any(at < where for at in installs):
        return False
    own = any(match and _OF_THE_BASE.fullmatch(match["name"]) for match in found)
    return not own or any(at > where for at in installs)


def _installs(given: Given) -> list[AtomKey]:
    return [
        (visit.index, number)
        for visit in given.graph.visits
        for number, effects in enumerate(visit.effects)
        if any(e.does("install", "python") and SITE in e.writes for e in effects)
    ]
