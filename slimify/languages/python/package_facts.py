"""What Python distributions need of the system, and further facts.

The rows in facts/pypi.toml are maintained by hand. A name without a row is a wheel that needs nothing; its
facts have `known=False`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts import records
from slimify.facts.native import Native, invert, native_of
from slimify.facts.toolchains import is_development_package
from slimify.languages.python import LANGUAGE
from slimify.model.sizes import MB
from slimify.model.versions import version_numbers


class PypiFacts(Struct, frozen=True, kw_only=True):
    """A Python distribution. `wheels` tells for which C libraries prebuilt wheels exist."""

    name: str  # normalised
    imports: tuple[str, ...]
    scripts: tuple[str, ...] = ()
    wheels: Literal["all", "manylinux", "none"] = "all"
    native: Native = Native()
    commands: tuple[str, ...] = ()
    development: bool = False
    known: bool = False
    requires: tuple[str, ...] = ()


class Installer(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A distribution whose program installs others: its size in MB with its `companions`, its size `alone`,
    and the distributions that call it at run time."""

    size: int
    alone: int
    companions: tuple[str, ...] = ()
    wanted_by: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """A distribution name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=4096)  # of each file, all names of its lock files are asked for, several times
def pypi(name: str, newest: str | None = None) -> PypiFacts:
    """The facts of a distribution, by any spelling of its name, without extras. `newest`: no later release is
    installed."""
    key = normalised(name)
    table = _table()
    row = table["native"].get(key, {})
    libraries = table["libraries"].get(key, ())
    older = table["older"].get(key)
    if older is not None and newest is not None and _order(newest) <= _order(older["before"]):
        libraries = (*libraries, *older["libraries"])
    sections = ("imports", "scripts", "native", "libraries", "commands", "caches", "requires")
    return PypiFacts(
        name=key,
        imports=tuple(table["imports"].get(key, (key.replace("-", "_"),))),
        scripts=tuple(table["scripts"].get(key, ())),
        wheels=row.get("wheels", "all"),
        native=native_of(row, libraries),
        commands=tuple(table["commands"].get(key, ())),
        development=is_development_package(LANGUAGE, key),
        requires=tuple(table["requires"].get(key, ())),
        known=any(key in table[section] for section in sections),
    )


@cache
def installers() -> Mapping[str, Installer]:
    """The distributions that only install others, by normalized name."""
    return records(_table()["installers"], dict[str, Installer])


def install_compiles(
    facts: PypiFacts, version: str | None, python: str | None, libc: str | None
) -> bool | None:
    """Whether installing a distribution compiles it; None if unknown.

    `version` is the pinned release (None: the newest one that fits, which has wheels if any release has),
    `python` the version of the interpreter. An old pin on a newer Python has no wheel, and is linked with
    the builder's libraries.
    """
    if facts.wheels == "none" or (libc == "musl" and facts.wheels == "manylinux"):
        return True
    first: Mapping[str, str] = _table()["first"].get(facts.name, {})
    if version is None or not first:
        return False if version is None or not facts.native.build else None
    minor = ".".join((python or "").split(".")[:2])
    if len(first) > 1 and minor and _order(minor) > max(_order(key) for key in first):
        return None
    return _order(version) < max(_order(first[""]), _order(first.get(minor, "")))


def _order(version: str) -> tuple[int, ...]:
    """A release as numbers, without trailing zeros: 6.0 equals 6.0.0."""
    numbers = list(version_numbers(version))
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def distributions(module: str) -> tuple[str, ...]:
    """The distributions that may provide a top-level module, the one of the same name last."""
    return tuple(dict.fromkeys([*_modules().get(module, ()), normalised(module)]))


def script_distributions(command: str) -> tuple[str, ...]:
    """The distributions known to install a command; () for an unknown one."""
    return _scripts().get(command, ())


def standard_libraries(module: str) -> tuple[str, ...]:
    """Libraries that a module of the standard library (tkinter), or a setting of a variable, needs and a slim
    image lacks."""
    return tuple(_table()["standard"].get(module, ()))


def loaders(name: str) -> tuple[str, ...]:
    """Distributions that load this one: a text that names them may need it."""
    return tuple(_table()["loaded"].get(normalised(name), ()))


@cache
def _modules() -> Mapping[str, tuple[str, ...]]:
    return invert(_table()["imports"])


@cache
def _scripts() -> Mapping[str, tuple[str, ...]]:
    return invert(_table()["scripts"])


def downloaded_bytes(names: Iterable[str], *, cpu: bool = False) -> int:
    """About how much an install of these packages downloads; what two of them require counts once. `cpu`: in
    builds without CUDA."""
    table, seen, total = _table()["downloads"], set[str](), 0
    waiting = [normalised(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            own, *required = (cpu and table.get(f"{name}+cpu")) or table.get(name, (_USUAL,))
            total += own * MB
            waiting += required
    return total


_USUAL = 1  # MB of wheels of a package that is not in the table


def _table() -> Mapping[str, Any]:
    return LANGUAGE.facts("pypi.toml")


def data_places(name: str, release: str | None) -> Iterator[str]:
    """The directories of the prefix in which a release, or any one, has data beside its package: `share`,
    `etc`, `lib`; `prefix` for a directory of its own."""
    rows: Mapping[str, Any] = _table()["data"]
    yield from (place for place in rows if place != "before" and name in rows[place].split())
    if release is not None and name in rows["before"] and _order(release) < _order(rows["before"][name]):
        yield "prefix"


def packages_leaving(place: str) -> tuple[str, ...]:
    """The packages whose install downloads something into a directory."""
    rows = _table()["caches"].items()
    return tuple(name for name, places in rows if any(place.endswith(p.removeprefix("~")) for p in places))
