"""The nature of a step: what its effects alone say about where it may be executed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from slimify.analysis.packages.package_sources import adds_source
from slimify.facts.programs import sets_attributes
from slimify.model.effects import (
    ACCOMPANIES_INSTALL,
    CHANGES_FILES,
    CHANGES_SYSTEM_STATE,
    LEAVES_ARTIFACTS,
    Action,
    Effect,
)

Nature = Literal[
    "unknown",  # may read and write anything
    "state",  # sets what the commands after it start with
    "source",  # adds a source of system packages
    "makes",  # leaves files that can be copied
    "packages",  # installs system packages
    "programs",  # installs programs of a language for all projects
    "code",  # runs the application's own code, or downloads what only run time reads
    "system",  # registers something in the system
    "files",  # creates, changes and deletes files by name
    "beside",  # prepares or cleans up after the installs of its RUN
    "check",  # leaves nothing
    "copy",  # COPY and ADD
]

# The first row that shares a kind with the effects decides.
_NATURES: tuple[tuple[Nature, frozenset[str]], ...] = (
    ("unknown", frozenset({"unknown"})),
    ("makes", LEAVES_ARTIFACTS),
    ("packages", frozenset({"packages"})),
    ("programs", frozenset({"install-global"})),
    ("code", frozenset({"app"})),
    ("system", CHANGES_SYSTEM_STATE),
    ("files", CHANGES_FILES),
    ("beside", ACCOMPANIES_INSTALL),
)


def nature_of(effects: Sequence[Effect]) -> Nature:
    """The nature of one command of a RUN."""
    kinds = {_kind(e) for e in effects}
    if "unknown" not in kinds and adds_source(effects):
        return "source"
    if any((e.kind == "fetch" and e.ecosystem) or e.action == Action.INSTALL_DEPS for e in effects):
        # the interpreter itself downloads what run time reads, or installs what that needs
        kinds = kinds - LEAVES_ARTIFACTS - {"packages"} | {"app"}
    found = next((nature for nature, deciding in _NATURES if kinds & deciding), None)
    return found or ("state" if kinds <= {"state"} else "check")


def _kind(effect: Effect) -> str:
    """The kind of an effect. Attributes that a program stores with a file travel with it, like its mode."""
    return "meta" if effect.kind == "system" and sets_attributes(effect.tool) else effect.kind
