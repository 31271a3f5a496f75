"""Debian's and Ubuntu's packages: what they are for, what they provide, what replaces them at run time.

Bullseye, bookworm and trixie have generated tables (debian-SUITE.json), read from the distribution's own
package lists; older suites and Ubuntu rest on rows by hand in packages-debian.toml, and their answers are
not `checked`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts import load
from slimify.facts.image_tables import image_tables

Kind = Literal["build", "fetch", "run", "tool", "meta", "unknown"]
GENERATED = ("bullseye", "bookworm", "trixie")
# whose table comes nearest for names that do not change between releases
_NEAREST = {
    "trusty": "bullseye",
    "jessie": "bullseye",
    "xenial": "bullseye",
    "stretch": "bullseye",
    "bionic": "bullseye",
    "buster": "bullseye",
    "focal": "bullseye",
    "jammy": "bookworm",
    "kinetic": "bookworm",
    "lunar": "bookworm",
    "mantic": "bookworm",
    "noble": "trixie",
    "oracular": "trixie",
    "plucky": "trixie",
    "questing": "trixie",
    "resolute": "trixie",
    "forky": "trixie",
    "sid": "trixie",
}
_POLICY = re.compile(r"(lib[a-z][a-z0-9+]*?(?:-[a-z]+)*)-?(\d[\d.]*)(?:t64|v5)?")


class PackageFacts(Struct, frozen=True, kw_only=True):
    """One package in one suite.

    `counterparts` are the packages run time needs instead of it: () for nothing, None where that is
    unknown or it is no build package. `checked` says that name, commands and counterparts come from
    the suite's own metadata. `known` is False where only a rule about names speaks.
    """

    name: str
    kind: Kind
    commands: tuple[str, ...] = ()
    counterparts: tuple[str, ...] | None = None
    known: bool = True
    checked: bool = False


def debian_package(name: str, suite: str | None) -> PackageFacts:
    """Facts about a package of a suite (None: unknown, nothing is assumed about versions)."""
    table = _table(suite)
    kind, listed = _kind(name)
    own = bool(table) and suite in GENERATED
    return PackageFacts(
        name=name,
        kind=kind,
        commands=_commands(name, table),
        counterparts=counterparts(name, suite),
        known=listed or name in table.get("programs", {}) or name in table.get("counterparts", {}),
        checked=own and (name in table["programs"] or name in table["counterparts"]),
    )


def counterparts(name: str, suite: str | None) -> tuple[str, ...] | None:
    """What run time needs instead of a build package: () for nothing, None where it is not known."""
    rows = load("packages-debian.toml")
    hand = rows["counterparts"]
    if name in hand["all"]:
        return _row(hand["all"][name], suite)
    named = by_name(rows, name)
    if named is not None:
        return named
    if suite in GENERATED:
        found = _table(suite)["counterparts"].get(name)
        return None if found is None else tuple(found.split())
    return _row(hand["older"].get(name, {}), suite)


def by_name(rows: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """The counterparts that a rule about names tells; () for a listed tool (cmake), None where none does."""
    if name in rows["kinds"]["build"]:
        return None if name.endswith("-dev") else ()
    for rule in rows["rules"]:
        found = re.fullmatch(rule["name"], name)
        if found:
            return (
                tuple(found.expand(row) for row in rule["counterparts"]) if "counterparts" in rule else None
            )
    return None


def companions(name: str) -> tuple[str, ...]:
    """What a package only recommends and is of little use without, such as certificates for git."""
    return tuple(load("packages-debian.toml")["companions"].get(name, ()))


def brings(name: str) -> tuple[str, ...]:
    """What apt installs along with a package, of what may be put back one by one."""
    return tuple(load("packages-debian.toml")["brings"].get(name, ()))


def library_package(library: str, suite: str | None) -> str | None:
    """The package with a shared library: `libmagic.so.1`, `libmagic` or `magic`.

    Without a version the newest of the suite's libraries of that name counts. None where unknown.
    """
    index = _library_index(suite)
    bare = library if library.startswith("lib") else f"lib{library}"
    package = index.get(bare) or index.get(re.sub(r"\.so$", "", bare))
    if package is None or suite in GENERATED:
        return package
    return translated(package, suite)


def debian_command(command: str, suite: str | None) -> str | None:
    """The package to install for a command, None where none is known."""
    preferred: str | None = load("packages-debian.toml")["commands"].get(command)
    if preferred and (suite not in GENERATED or preferred in _table(suite)["programs"]):
        return preferred
    return _command_index(suite).get(command)


def policy_soname(package: str) -> str | None:
    """The soname that Debian's policy for names gives a library package: libpq5 holds libpq.so.5."""
    found = _POLICY.fullmatch(package)
    return f"{found[1]}.so.{found[2]}" if found else None


def image_packages(name: str, suite: str | None) -> frozenset[str]:
    """All packages in an official image (`[installs]` of images.toml), of the nearest suite known."""
    below = image_tables()["installs"][name].get("on")
    added = frozenset(_table(suite).get("images", {}).get(name, "").split())
    return added | image_packages(below, suite) if below else added


def provided(package: str, suite: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(commands, sonames) of a package."""
    table = _table(suite)
    names = table.get("libraries", {}).get(package)
    return _commands(package, table), () if names is None else _sonames(package, names)


# --- tables ---------------------------------------------------------------------------------------


def _table(suite: str | None) -> Mapping[str, Any]:
    """The generated table of a suite or of the one that comes nearest; {} where there is none."""
    nearest = suite if suite in GENERATED else _NEAREST.get(suite or "")
    return load(f"debian-{nearest}.json") if nearest else {}


def for_people(name: str) -> bool:
    """Editors, pagers and the like: a program has no use for them."""
    return name in load("packages-debian.toml")["people"]["names"]


def _kind(name: str) -> tuple[Kind, bool]:
    """The kind of a package, and whether a list rather than a rule says so."""
    found = _kinds().get(name)
    if found:
        return found, True
    for rule in load("packages-debian.toml")["rules"]:
        if re.fullmatch(rule["name"], name):
            return rule["kind"], False
    return "unknown", False


@cache
def _kinds() -> Mapping[str, Kind]:
    return {name: kind for kind, names in load("packages-debian.toml")["kinds"].items() for name in names}


def _commands(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    alternatives = load("packages-debian.toml")["alternatives"].get(name, ())
    programs = table.get("programs", {}).get(name, "").split()
    return tuple(dict.fromkeys([*alternatives, *programs]))


def _row(row: list[str] | dict[str, list[str]], suite: str | None) -> tuple[str, ...] | None:
    """A counterparts row: a list for all suites, or by suite with "" for the rest of those looked at."""
    if isinstance(row, list):
        return tuple(row)
    if suite is None:
        return None
    rest = row.get("") if suite in load("packages-debian.toml")["counterparts"]["rest"] else None
    found = row.get(suite, rest)
    return None if found is None else tuple(found)


def _sonames(package: str, names: str) -> tuple[str, ...]:
    """The sonames of a row; an empty one stands for what the package's name tells."""
    policy = policy_soname(package)
    return tuple(names.split()) or ((policy,) if policy else ())


@cache
def _library_index(suite: str | None) -> Mapping[str, str]:
    """Package by soname, and by the name without a version (the last package in order of name)."""
    index: dict[str, str] = {}
    for package, names in _table(suite).get("libraries", {}).items():
        for soname in _sonames(package, names):
            stem = soname.partition(".so")[0]
            index.setdefault(soname, package)
            index[stem] = package
            index.setdefault(re.sub(r"-[\d.]+(?:Q\d+\w*)?$", "", stem), package)  # libMagickWand-6.Q16
    return index


@cache
def _command_index(suite: str | None) -> Mapping[str, str]:
    """Package by command: the one of that name, else one with few commands, as the smaller one."""
    index: dict[str, str] = {}
    programs = _table(suite or GENERATED[-1])["programs"]
    for package in sorted(programs, key=lambda name: (not _kind(name)[1], len(programs[name]))):
        for command in programs[package].split():
            index.setdefault(command, package)
    return {command: command if command in programs else package for command, package in index.items()}


def translated(package: str, suite: str | None) -> str | None:
    """A library package of the nearest table under the name it has in this suite, if a row tells."""
    behind = _table(suite)["counterparts"]
    for development, row in load("packages-debian.toml")["counterparts"]["older"].items():
        if package in behind.get(development, "").split():
            found = _row(row, suite) or ()
            return package if package in found else found[0] if len(found) == 1 else None
    return package if _lasting(package) else None


def _lasting(package: str) -> bool:
    """Whether a library package has kept its name through all generated tables, but for `t64`."""
    name = package.removesuffix("t64")
    tables = [load(f"debian-{suite}.json")["libraries"] for suite in GENERATED]
    return all(name in libraries or f"{name}t64" in libraries for libraries in tables)
