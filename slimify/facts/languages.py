"""What Python distributions, npm packages and Go modules need of the system.

Rows by hand in pypi.toml, npm.toml and go.toml; a name in none of them is the usual case (a wheel or
plain JavaScript or Go that needs nothing), and its facts say `known=False`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts import load
from slimify.facts.packages import package_facts, soname_package


class Native(Struct, frozen=True, kw_only=True):
    """What it takes to compile something and to run it afterwards.

    `build` are Debian's packages, `alpine` Alpine's; `optional` headers of either that are used where
    they are there. `libraries` (sonames without `lib` and version) are loaded at run time whether it
    was compiled or not.
    """

    build: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


class PypiFacts(Struct, frozen=True, kw_only=True):
    """A Python distribution. `wheels` says for which C libraries it need not be compiled."""

    name: str  # normalised
    imports: tuple[str, ...]
    scripts: tuple[str, ...] = ()
    wheels: Literal["all", "manylinux", "none"] = "all"
    native: Native = Native()
    commands: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    development: bool = False
    known: bool = False


class Installer(Struct, frozen=True, kw_only=True):
    """A distribution whose program installs others: its bytes with its `companions` and `alone`, and the
    distributions that call it at run time."""

    size: int
    alone: int
    companions: tuple[str, ...] = ()
    wanted_by: tuple[str, ...] = ()


class NpmFacts(Struct, frozen=True, kw_only=True):
    """An npm package. `prebuilt` is None for one without native code; `stored` is what an install of it
    leaves in npm's cache, in MB, where that was measured."""

    name: str
    bins: tuple[str, ...]
    prebuilt: Literal["package", "download", "none"] | None = None
    musl: bool = True
    native: Native = Native()
    commands: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    stored: int | None = None
    browser: bool = False
    known: bool = False


class GoFacts(Struct, frozen=True, kw_only=True):
    """A Go package. `cgo` is "no" where nothing is known of it."""

    path: str
    cgo: Literal["always", "optional", "no"] = "no"
    native: Native = Native()
    commands: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    known: bool = False


# --- Python -------------------------------------------------------------------------------------


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pypi(name: str) -> PypiFacts:
    """Facts about a distribution, by any spelling of its name, without extras."""
    key = normalised(name)
    table = load("pypi.toml")
    row = table["native"].get(key, {})
    sections = ("imports", "scripts", "native", "libraries", "commands", "caches")
    return PypiFacts(
        name=key,
        imports=tuple(table["imports"].get(key, (key.replace("-", "_"),))),
        scripts=tuple(table["scripts"].get(key, ())),
        wheels=row.get("wheels", "all"),
        native=_native(row, table["libraries"].get(key, ())),
        commands=tuple(table["commands"].get(key, ())),
        caches=tuple(table["caches"].get(key, ())),
        development=key in table["development"]["names"],
        known=any(key in table[section] for section in sections),
    )


@cache
def installers() -> Mapping[str, Installer]:
    """The distributions that only install others, by their normalised names."""
    return {
        name: Installer(
            size=row["size"] * 1_000_000,
            alone=row["alone"] * 1_000_000,
            companions=tuple(row.get("companions", ())),
            wanted_by=tuple(row.get("wanted-by", ())),
        )
        for name, row in load("pypi.toml")["installers"].items()
    }


def compiles(facts: PypiFacts, version: str | None, python: str | None, libc: str | None) -> bool | None:
    """Whether installing a distribution compiles it: None where nothing tells.

    `version` is the pinned release (None: the newest that fits, which has wheels if any has), `python`
    the interpreter's version. An old pin on a newer Python has no wheel and is linked with whatever the
    builder has.
    """
    if facts.wheels == "none" or (libc == "musl" and facts.wheels == "manylinux"):
        return True
    first: Mapping[str, str] = load("pypi.toml")["first"].get(facts.name, {})
    if version is None or not first:
        return False if version is None or not facts.native.build else None
    minor = ".".join((python or "").split(".")[:2])
    if len(first) > 1 and minor and _order(minor) > max(_order(key) for key in first):
        return None
    return _order(version) < max(_order(first[""]), _order(first.get(minor, "")))


def _order(version: str) -> tuple[int, ...]:
    """A release as numbers, without trailing zeros: 6.0 is 6.0.0."""
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def distributions(module: str) -> tuple[str, ...]:
    """The distributions that may provide a top-level module, the one of the same name last."""
    return tuple(dict.fromkeys([*_modules().get(module, ()), normalised(module)]))


def script_distributions(command: str) -> tuple[str, ...]:
    """The distributions known to install a command, none for an unknown one."""
    return _owners("pypi.toml", "scripts").get(command, ())


def standard_libraries(module: str) -> tuple[str, ...]:
    """Libraries that a module of the standard library needs and a slim image lacks (tkinter)."""
    return tuple(load("pypi.toml")["standard"].get(module, ()))


@cache
def _modules() -> Mapping[str, tuple[str, ...]]:
    return _inverted(load("pypi.toml")["imports"])


# --- npm ----------------------------------------------------------------------------------------


def npm(name: str) -> NpmFacts:
    """Facts about a package by its name, with scope, without version."""
    table = load("npm.toml")
    row = table["native"].get(name, {})
    browser = name in table["browsers"]["packages"]
    libraries = [*row.get("libraries", ()), *(table["browsers"]["libraries"] if browser else ())]
    sections = ("bins", "native", "commands", "caches")
    return NpmFacts(
        name=name,
        bins=tuple(table["bins"].get(name, (name.rpartition("/")[2],))),
        prebuilt=row.get("prebuilt"),
        musl=row.get("musl", True),
        native=_native(row, libraries),
        commands=tuple(table["commands"].get(name, ())),
        caches=tuple(table["caches"].get(name, ())),
        stored=table["stored"].get(name),
        browser=browser,
        known=browser or any(name in table[section] for section in sections),
    )


def bin_packages(command: str) -> tuple[str, ...]:
    """The packages that may install a command, the one of the same name last."""
    return tuple(dict.fromkeys([*_owners("npm.toml", "bins").get(command, ()), command]))


def only_builds(command: str) -> bool:
    """Whether a command of npm's world only ever builds, tests or checks."""
    return command in load("npm.toml")["builders"]["commands"]


# --- Go -----------------------------------------------------------------------------------------


def go_package(path: str) -> GoFacts:
    """Facts about an import path: those of the longest known path that it is or lies below."""
    table = load("go.toml")
    cgo = _longest(table["cgo"], path) or {}
    commands = _longest(table["commands"], path) or ()
    files = _longest(table["files"], path) or ()
    return GoFacts(
        path=path,
        cgo=cgo.get("need", "no"),
        native=_native(cgo, cgo.get("libraries", ())),
        commands=tuple(commands),
        files=tuple(files),
        known=bool(cgo or commands or files),
    )


@cache
def go_settings(kind: Literal["names", "library"] = "names") -> frozenset[str]:
    """Environment variables that the Go toolchain reads, and no compiled program; of kind `library` those
    that a program with the package go/build reads all the same."""
    return frozenset(load("go.toml")["settings"][kind])


@cache
def installer_settings(kind: Literal["install", "scripts"] = "install") -> frozenset[str]:
    """Settings of npm, yarn and pnpm that only installs read; of kind `scripts` those that also say how a
    script of the project is run, or what is printed then."""
    return frozenset(load("npm.toml")["settings"][kind])


@cache
def go_toolchain() -> frozenset[str]:
    """Programs that are of no use without the Go toolchain: its own, and those that call it."""
    return frozenset(load("go.toml")["toolchain"]["programs"])


def _longest(rows: Mapping[str, Any], path: str) -> Any:
    """The row of the longest key that is the path or a parent of it, a version suffix aside."""
    parts = path.split("/")
    for cut in range(len(parts), 0, -1):
        row = rows.get("/".join(parts[:cut]))
        # the standard library's net is not net/http
        if row is not None and (cut == len(parts) or "." in parts[0]):
            return row
    return None


# --- the system's packages ------------------------------------------------------------------------


def runtime_packages(
    native: Native, distro: str | None, suite: str | None, *, compiled: bool, headers: Container[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(packages to install, what could not be resolved) for something native at run time.

    `compiled`: it was built here, so it is linked with the counterparts of its headers, and with those
    of the optional ones that are among `headers`, the packages of the builder.
    """
    packages: list[str] = []
    unknown: list[str] = []
    for library in native.libraries:
        package = soname_package(library, distro, suite)
        if package:
            packages.append(package)
        else:
            unknown.append(library)
    build = native.alpine if distro == "alpine" else native.build
    linked = [*build, *(name for name in native.optional if name in headers)] if compiled else []
    for name in linked:
        facts = package_facts(name, distro, suite)
        if facts.counterparts is not None:
            packages.extend(facts.counterparts)
        elif facts.kind == "run" and name.startswith("lib"):
            packages.append(name)
        elif name.endswith("-dev"):
            unknown.append(name)
    return tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(unknown))


def _native(row: Mapping[str, Any], libraries: Iterable[str]) -> Native:
    return Native(
        build=tuple(row.get("build", ())),
        alpine=tuple(row.get("alpine", ())),
        optional=tuple(row.get("optional", ())),
        libraries=tuple(libraries),
    )


@cache
def _owners(file: str, section: str) -> Mapping[str, tuple[str, ...]]:
    return _inverted(load(file)[section])


def _inverted(rows: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for name, values in rows.items():
        for value in values:
            index[value] = (*index.get(value, ()), name)
    return index
