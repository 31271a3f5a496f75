"""Facts of languages about files in images and output of programs, from their `facts/files.toml`."""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct, convert, field

from slimify.languages import language, languages


class Equivalent(Struct, frozen=True, kw_only=True):
    """A regular expression for text that is equivalent in messages, and its replacement."""

    pattern: str
    stand_in: str = field(name="with")


class LanguageFiles(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The facts of one language; its files.toml explains the entries."""

    comment: str = "#"
    sources: tuple[str, ...] = ()
    waste: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    own_directories: tuple[str, ...] = ()
    toolchain_directories: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()
    vendored: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    module_endings: tuple[str, ...] = ()
    compiled_with: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    script_endings: tuple[str, ...] = ()
    strip: str = ""
    certificates: tuple[str, ...] = ()
    tls_clients: tuple[str, ...] = ()
    embeds_zones: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    home_caches: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    same: tuple[Equivalent, ...] = ()


@cache
def files_of(name: str | None) -> LanguageFiles:
    """The facts of a language; empty for None."""
    known = language(name)
    return convert(known.facts("files.toml") if known is not None else {}, LanguageFiles)


@cache
def all_files() -> tuple[LanguageFiles, ...]:
    """The facts of all languages."""
    return tuple(files_of(known.name) for known in languages())


def is_in_package(path: str) -> bool:
    """Whether a file belongs to an installed package of a language."""
    return any(place in path for one in all_files() for place in one.packages)


@cache
def projects() -> tuple[str, ...]:
    """The directories that images of a language have for projects."""
    return tuple(place for one in all_files() for place in one.projects)


def below_home(place: str) -> str:
    """A pattern for a path, in which `~` stands for the home directory of any account."""
    head, tilde, rest = place.partition("~")
    return rf"{re.escape(head)}/(?:root|home/[^/]+){re.escape(rest)}" if tilde else re.escape(place)


def either(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern that matches what any of `patterns` matches; None if there are none."""
    return re.compile("|".join(patterns)) if patterns else None
