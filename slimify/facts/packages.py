"""Facts about system packages of Debian, Ubuntu and Alpine.

`distro` is `debian`, `ubuntu` or `alpine`; `suite` is a codename or an Alpine release, as in `ImageFacts`.
Other distributions are unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.facts import load, records
from slimify.facts.alpine import alpine_library, alpine_package
from slimify.facts.debian import PackageFacts, debian_package, library_package

if TYPE_CHECKING:
    from slimify.facts.images import ImageFacts


@cache
def package_facts(name: str, distro: str | None, suite: str | None) -> PackageFacts:
    """Facts about a package; its kind is `unknown` for an unknown distribution."""
    if distro in ("debian", "ubuntu"):
        return debian_package(name, suite)
    if distro == "alpine":
        return alpine_package(name, suite)
    return PackageFacts(name=name, kind="unknown")


def system_package(name: str, base: ImageFacts | None) -> PackageFacts | None:
    """Facts about a package in the distribution of a base image; None if the name is not known. An unknown
    distribution is treated as Debian, since tools have the same names elsewhere."""
    facts = package_facts(name, (base.distro if base else None) or "debian", base.suite if base else None)
    return None if facts.kind == "unknown" and not facts.commands else facts


def programs_in(name: str, base: ImageFacts | None) -> tuple[str, ...]:
    """The programs that a package brings, and its own name."""
    facts = system_package(name, base)
    return (name, *(facts.commands if facts is not None else ()))


def programs_calling(command: str) -> frozenset[str]:
    """The programs that start `command` on their own, without a source or script naming it."""
    return frozenset(load("packages-debian.toml")["callers"].get(command, ()))


def interpreters() -> frozenset[str]:
    """Packages and commands of interpreters, which users may run although nothing else does."""
    return frozenset(load("packages-debian.toml")["interpreters"]["names"])


def starts(command: str, distro: str | None = None) -> tuple[str, ...]:
    """The programs that `command` starts on its own, without a package dependency: on any distribution, or on
    this one as well."""
    files = ("packages-debian.toml", *(["packages-alpine.toml"] if distro == "alpine" else []))
    return tuple(name for file in files for name in load(file)["starts"].get(command, ()))


class PartialProgram(Struct, frozen=True, kw_only=True):
    """A program of which every image has a part, with the `modules`; the `package` brings the others. `code`
    are its options with program text, `loading` those with modules, `valued` others that take a value;
    `loads` is what loads a module in a text."""

    package: str
    code: str
    loading: str
    valued: str
    loads: re.Pattern[str]
    modules: str


@cache
def partial_programs() -> Mapping[str, PartialProgram]:
    """The programs of which every image has a part, by name."""
    rows = load("packages-debian.toml")["partial"]
    return {name: records(row, PartialProgram) for name, row in rows.items()}


class StartedThrough(Struct, frozen=True, kw_only=True):
    """When `callers` start a program: `calls` is found in the words of such a call, or `texts` in a text,
    which has one of the `words` then."""

    callers: str
    calls: re.Pattern[str]
    texts: re.Pattern[str] | None = None
    words: str = ""


@cache
def programs_started_through() -> Mapping[str, StartedThrough]:
    """The programs that others start in some of their uses, by name."""
    rows = load("packages-debian.toml")["through"]
    return {name: records(row, StartedThrough) for name, row in rows.items()}


def callers_without_texts(program: str) -> tuple[str, ...]:
    """The programs that start this one in uses that only their own calls show."""
    row = programs_started_through().get(program)
    return tuple(row.callers.split()) if row is not None and not row.texts else ()


def soname_package(library: str, distro: str | None, suite: str | None) -> str | None:
    """The package of a shared library (`libmagic.so.1`, `magic`); None if unknown."""
    if distro in ("debian", "ubuntu"):
        return library_package(library, suite)
    return alpine_library(library) if distro == "alpine" else None
