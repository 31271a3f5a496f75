"""Removals from the directories that pip fills.

These directories are copied from the builder, which has executed the removal: repeated behind the copy it
would take out what was installed later, or fail on what is gone already. Only what the base image brings
itself has to be removed in the final stage, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slimify.analysis.roles.role_state import AtomKey, RoleState
from slimify.languages.python.commands.environments import SITE
from slimify.model.effects import Effect

# Debian's own packages lie in /usr/lib/python3, where pip installs nothing.
_PACKAGES = re.compile(r"(?!/usr/lib/python3/)/.*lib/python[^/]*/(?:site|dist)-packages/(?P<name>.+)")
# What every python image has there (docker-library/python: pip, and setuptools and wheel up to 3.11).
_OF_THE_BASE = re.compile(r"(?:pip|setuptools|wheel|pkg_resources|_?distutils|easy_install)[^/]*")


def taken_out(state: RoleState, where: AtomKey, effects: Sequence[Effect]) -> bool:
    """Whether a command only removes packages' files, and the builder is the one to do it: something was
    installed before, and it is not the base's own that goes for good."""
    found = [_PACKAGES.fullmatch(d) for e in effects for d in e.deletes]
    if not found or not all(found) or any(e.writes or e.outputs or e.writes_anywhere for e in effects):
        return False
    installs = _installs(state)
    if not any(at < where for at in installs):
        return False
    own = any(match and _OF_THE_BASE.fullmatch(match["name"]) for match in found)
    return not own or any(at > where for at in installs)


def _installs(state: RoleState) -> list[AtomKey]:
    return [
        (visit.index, number)
        for visit in state.visits
        for number, effects in enumerate(visit.effects)
        if any(e.does("install", "python") and SITE in e.writes for e in effects)
    ]
