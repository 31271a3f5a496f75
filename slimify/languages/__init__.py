"""One folder per language, with everything that only this language knows; `base` describes a folder.

`LANGUAGES` registers the built-in ones. Installed distributions add languages by an entry point of the
group `slimify.languages` that names a `Language`; they can't replace a built-in one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from slimify.languages.base import Language
from slimify.languages.go import LANGUAGE as GO
from slimify.languages.node import LANGUAGE as NODE
from slimify.languages.python import LANGUAGE as PYTHON
from slimify.model.effects import INSTALLS, Effect

if TYPE_CHECKING:
    from slimify.languages.parts import Commands

__all__ = [
    "LANGUAGES",
    "Language",
    "commands_module",
    "installed_directories",
    "language",
    "languages",
    "lock_names",
    "of_effect",
    "prepares_install",
    "programs",
    "project_directories",
]

LANGUAGES = (GO, NODE, PYTHON)
_GROUP = "slimify.languages"


@cache
def languages() -> tuple[Language, ...]:
    """All languages: the built-in ones, then those of entry points, sorted by name.

    If a word or file fits several, the first one counts for project files, the last one for words of a
    start command and for sources: Node is often in an image for the front end of another language.
    """
    found = {known.name: known for known in LANGUAGES}
    for known in _installed():
        found.setdefault(known.name, known)
    return tuple(found.values())


@cache
def language(name: str | None) -> Language | None:
    """The language of that name, or None."""
    return next((known for known in languages() if known.name == name), None)


@cache
def lock_names() -> frozenset[str]:
    """The names of lock files: beside them, a project still names its packages."""
    tables = (table for known in languages() for table in known.facts("toolchain.toml").values())
    rows = (row for table in tables if isinstance(table, Mapping) for row in table.get("locks", ()))
    return frozenset(name for name, _ in rows)


@cache
def programs() -> Mapping[str, tuple[Language, str]]:
    """By program name: the language that interprets its calls, and the function, `module.function`."""
    found: dict[str, tuple[Language, str]] = {}
    for known in languages():
        for function, names in known.facts("commands.toml").get("handlers", {}).items():
            for name in names.split():
                found.setdefault(name, (known, function))
    return found


@cache
def commands_module(program: str) -> Commands | None:
    """The module that interprets the calls of a program, None if no language does."""
    if program not in programs():
        return None
    known, function = programs()[program]
    found: Commands = known.part(f"commands.{function.partition('.')[0]}")
    return found


def has_own_certificates(name: str | None) -> bool:
    """Whether the official images of a language, by its name, read no certificates of the system."""
    known = language(name)
    return known is not None and known.own_certificates


def of_effect(effect: Effect) -> Language | None:
    """The language whose installer or compiler has the effect, None for any other effect."""
    return language(effect.ecosystem) if effect.kind in INSTALLS or effect.kind == "compile" else None


def prepares_install(effect: Effect) -> bool:
    """Whether an installer was called and has installed nothing yet: a virtual environment was made."""
    known = language(effect.ecosystem)
    return known is not None and effect.action in known.prepares


@cache
def installed_directories() -> frozenset[str]:
    """The names of directories of installed packages, in any language."""
    return frozenset(name for known in languages() for name in known.install_directories)


@cache
def project_directories() -> frozenset[str]:
    """Those of them that are inside a project, next to its own files."""
    return frozenset(
        name for known in languages() if known.copies_project for name in known.install_directories
    )


def _installed() -> list[Language]:
    if not _announced():  # importlib.metadata needs ten times as long to find none
        return []
    from importlib.metadata import entry_points

    return [entry.load() for entry in sorted(entry_points(group=_GROUP), key=lambda entry: entry.name)]


def _announced() -> bool:
    """Whether an installed distribution has an entry point of the group."""
    wanted = f"[{_GROUP}]".encode()
    for place in sys.path:
        try:
            folders = [entry.path for entry in os.scandir(place or ".") if entry.name.endswith(".dist-info")]
        except OSError:
            continue
        for folder in folders:
            try:
                with open(os.path.join(folder, "entry_points.txt"), "rb") as file:
                    if wanted in file.read():
                        return True
            except OSError:
                continue
    return False
