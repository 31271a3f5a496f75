"""Facts about Debian's and Ubuntu's packages: kind, commands, and what replaces them at run time.

Bullseye, bookworm and trixie have tables generated from the distribution's package lists (debian-SUITE.json).
For older suites and Ubuntu, rows in packages-debian.toml are written by hand, and answers are not `checked`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts import load, words
from slimify.facts.image_tables import image_tables
from slimify.model.regex import regex

Kind = Literal["build", "fetch", "run", "tool", "meta", "unknown"]
GENERATED = ("bullseye", "bookworm", "trixie")
_COVERED = ("stretch", "buster")  # the suites that "" in a row is about, beside those with a table
_LIBRARY_PACKAGE = regex(r"(lib[a-z][a-z0-9+]*?(?:-[a-z]+)*)-?(\d[\d.]*)(?:t64|v5)?")


def named_files() -> Mapping[str, tuple[str, ...]]:
    """Packages of data, each with the names by which programs use its files."""
    names: Mapping[str, str] = load("packages-debian.toml")["named"]
    return {package: tuple(text.split()) for package, text in names.items()}


def font_packages() -> tuple[str, ...]:
    """The packages of a full image without which libraries draw no text."""
    return tuple(load("packages-debian.toml")["drawing"]["packages"])


class PackageFacts(Struct, frozen=True, kw_only=True):
    """One package in one suite.

    `counterparts` are the runtime packages that replace it: () for none, None if unknown or if it is not a
    build package.
    """

    name: str
    kind: Kind
    commands: tuple[str, ...] = ()
    counterparts: tuple[str, ...] | None = None


def debian_package(name: str, suite: str | None) -> PackageFacts:
    """Facts about a package of a suite. With suite None, no versions are assumed; the programs are those
    of the newest."""
    return PackageFacts(
        name=name,
        kind=kind_of(name)[0],
        commands=_commands(name, _table(suite or GENERATED[-1])),
        counterparts=counterparts(name, suite),
    )


def older_name(name: str, suite: str | None) -> str:
    """The name that a package of today has in a suite; that of today for an unknown suite."""
    rows = load("packages-debian.toml")
    releases: Sequence[str] = rows["counterparts"]["releases"]
    first, before = rows["renamed"].get(name, ("", name))
    known = first and suite in releases
    return before if known and releases.index(suite) < releases.index(first) else name


def counterparts(name: str, suite: str | None) -> tuple[str, ...] | None:
    """The runtime packages that replace a build package: () for none, None if unknown."""
    rows = load("packages-debian.toml")
    hand = rows["counterparts"]
    if name in hand["all"]:
        return _row("all", name, suite)
    named = counterparts_by_rule(rows, name)
    if named is not None:
        return named
    if suite in GENERATED:
        found = _table(suite)["counterparts"].get(name)
        return None if found is None else tuple(found.split())
    return _row("older", name, suite)


def typelibs(name: str, suite: str | None) -> tuple[str, ...]:
    """The packages with descriptions of libraries for interpreters (GObject introspection) that apt installs
    beside a development package."""
    return tuple(_table(suite).get("typelibs", {}).get(name, "").split())


def has_one_counterpart(name: str) -> bool:
    """Whether a build package has the same counterparts in all releases with a table."""
    return len({counterparts(name, suite) for suite in GENERATED}) == 1


def counterparts_by_rule(rows: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """The counterparts by a rule about package names; () for a build tool (cmake), None if no rule
    matches."""
    if name in rows["kinds"]["build"]:
        return None if name.endswith("-dev") else ()
    for rule in rows["rules"]:
        found = re.fullmatch(rule["name"], name)
        if found:
            return (
                tuple(found.expand(row) for row in rule["counterparts"]) if "counterparts" in rule else None
            )
    return None


def name_before_t64(name: str) -> str:
    """The package name before Debian 13's 64-bit time transition; apt accepts both."""
    return name.removesuffix("t64")


def companions(name: str) -> tuple[str, ...]:
    """Recommended packages that a package requires in practice, such as certificates for git."""
    return tuple(load("packages-debian.toml")["companions"].get(name, ()))


def needed_directory(name: str, suite: str | None) -> str:
    """The directory that installing a package of a suite needs and slim images lack; "" for none."""
    tables = load("packages-debian.toml")
    releases: list[str] = tables["counterparts"]["releases"]
    last = next((s for row, s in tables["manual_pages"]["until"].items() if re.fullmatch(row, name)), None)
    old = last is not None and suite in releases[: releases.index(last) + 1]
    return str(tables["manual_pages"]["directory"]) if old else ""


def brings(name: str) -> tuple[str, ...]:
    """The packages that apt installs as dependencies of a package, of those that may be restored one by
    one."""
    return tuple(load("packages-debian.toml")["brings"].get(name, ()))


def library_package(library: str, suite: str | None) -> str | None:
    """The package of a shared library: `libmagic.so.1`, `libmagic` or `magic`; None if unknown.

    Without a version, it is the newest library of that name in the suite.
    """
    bare = library if library.startswith("lib") else f"lib{library}"
    index = _library_index(suite, bare.partition(".so")[0])
    package = index.get(bare) or index.get(re.sub(r"\.so$", "", bare))
    if package is None or suite in GENERATED:
        return package
    return name_in_suite(package, suite)


def debian_command(command: str, suite: str | None) -> str | None:
    """The package to install for a command; None if unknown."""
    preferred: str | None = load("packages-debian.toml")["commands"].get(command)
    if preferred and (suite not in GENERATED or preferred in _table(suite)["programs"]):
        return preferred
    return _command_index(suite).get(command)


def policy_soname(package: str) -> str | None:
    """The soname of a library package by Debian's naming policy: libpq5 contains libpq.so.5."""
    found = _LIBRARY_PACKAGE.fullmatch(package)
    return f"{found[1]}.so.{found[2]}" if found else None


def image_packages(name: str, suite: str | None) -> frozenset[str]:
    """All packages in an official image (`[installs]` of images.toml), for the nearest suite known."""
    below = image_tables()["installs"][name].get("on")
    added = frozenset(_table(suite).get("images", {}).get(name, "").split())
    return added | image_packages(below, suite) if below else added


def provided_by(package: str, suite: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(commands, sonames) of a package."""
    table = _table(suite)
    names = table.get("libraries", {}).get(package)
    return _commands(package, table), () if names is None else _sonames(package, names)


# --- tables ---------------------------------------------------------------------------------------


def _table(suite: str | None) -> Mapping[str, Any]:
    """The generated table of a suite or of the nearest one; {} if there is none."""
    nearest = nearest_suite(suite)
    return load(f"debian-{nearest}.json") if nearest else {}


def nearest_suite(suite: str | None) -> str | None:
    """The suite with generated tables that is nearest to a release; None if there is none."""
    return suite if suite in GENERATED else load("packages-debian.toml")["nearest"].get(suite)


def is_archived(suite: str | None) -> bool:
    """Whether the packages of a suite have moved to the archive, so that its images can't refresh lists."""
    return suite in words("packages-debian.toml", "archived", "suites")


def copied_program(command: str, suite: str | None) -> tuple[str, ...]:
    """The files of a program that a smaller image of an archived suite gets from the full one, the program
    first; () if it can't be had that way."""
    copied: dict[str, list[str]] = load("packages-debian.toml")["archived"]["copied"]
    return tuple(copied.get(command, ())) if is_archived(suite) else ()


def kind_of(name: str, file: str = "packages-debian.toml") -> tuple[Kind, bool]:
    """The kind of a package by a file of facts, and whether a list (not a rule) states it."""
    found = kinds(file).get(name)
    if found:
        return found, True
    for rule in load(file)["rules"]:
        if re.fullmatch(rule["name"], name):
            return rule["kind"], False
    return "unknown", False


@cache
def kinds(file: str) -> Mapping[str, Kind]:
    return {name: kind for kind, names in load(file)["kinds"].items() for name in names}


def _commands(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    alternatives = load("packages-debian.toml")["alternatives"].get(name, ())
    programs = table.get("programs", {}).get(name, "").split()
    return tuple(dict.fromkeys([*alternatives, *programs]))


def _row(table: str, name: str, suite: str | None) -> tuple[str, ...] | None:
    """The counterparts of a package in a suite by the rows written by hand.

    A release without names of its own has what the releases before and after it agree on.
    """
    rows = load("packages-debian.toml")["counterparts"]
    row = rows[table].get(name, {})
    if isinstance(row, list):
        return tuple(row)
    rest: Sequence[str] = row.get("", ())

    def named(release: str) -> Sequence[str]:
        found: Sequence[str] = row.get(release, ())
        if release in _COVERED or (release in GENERATED and table == "all"):
            return found or rest
        if release in GENERATED and not found:
            return str(_table(release)["counterparts"].get(name, "")).split()
        return found

    releases: list[str] = rows["releases"]
    if suite in row:
        return tuple(row[suite])
    if suite not in releases:
        return None
    if named(suite):
        return tuple(named(suite))
    place = releases.index(suite)
    before, after = (
        next(filter(None, map(named, side)), ()) for side in (releases[place::-1], releases[place:])
    )
    fewer, more = sorted((before, after), key=len)
    return tuple(fewer) if fewer and {*fewer} <= {*more} else None


def _sonames(package: str, names: str) -> tuple[str, ...]:
    """The sonames of a row; an empty row means the soname by the naming policy."""
    policy = policy_soname(package)
    return tuple(names.split()) or ((policy,) if policy else ())


@cache
def _library_index(suite: str | None, library: str) -> Mapping[str, str]:
    """Packages by soname, and by library name without a version (the last package by name wins), of those
    whose row mentions a library."""
    index: dict[str, str] = {}
    for package, names in _table(suite).get("libraries", {}).items():
        for soname in _sonames(package, names) if library in (names or package) else ():
            stem = soname.partition(".so")[0]
            index.setdefault(soname, package)
            index[stem] = package
            index.setdefault(re.sub(r"-[\d.]+(?:Q\d+\w*)?$", "", stem), package)  # libMagickWand-6.Q16
    return index


@cache
def _command_index(suite: str | None) -> Mapping[str, str]:
    """Packages by command: the package of that name, else the one with the fewest commands."""
    index: dict[str, str] = {}
    programs = _table(suite or GENERATED[-1])["programs"]
    known = kinds("packages-debian.toml")
    for package in sorted(programs, key=lambda name: (name not in known, len(programs[name]))):
        for command in programs[package].split():
            index.setdefault(command, package)
    return {command: command if command in programs else package for command, package in index.items()}


def name_in_suite(package: str, suite: str | None) -> str | None:
    """The name in this suite of a library package from the nearest table; None if unknown."""
    behind = _table(suite)["counterparts"]
    for development in load("packages-debian.toml")["counterparts"]["older"]:
        if package in behind.get(development, "").split():
            found = _row("older", development, suite) or ()
            return package if package in found else found[0] if len(found) == 1 else None
    return package if _is_stable_name(package) else None


def _is_stable_name(package: str) -> bool:
    """Whether a library package has the same name in all generated tables, apart from `t64`."""
    name = package.removesuffix("t64")
    tables = [load(f"debian-{suite}.json")["libraries"] for suite in GENERATED]
    return all(name in libraries or f"{name}t64" in libraries for libraries in tables)
