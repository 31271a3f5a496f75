"""Interpreters, compilers and installers of languages: what they start, and in which packages they are.

The rows are in each language's facts/toolchain.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from slimify.languages import Language, languages, of_effect
from slimify.model.effects import Effect


class Toolchain(Struct, frozen=True, kw_only=True):
    """A language's interpreter and installers in the image of an application of another language.

    `packages` of the distribution have them, `commands` are their programs. `variables` finds values of
    environment variables that name what they installed, `sources` texts with one of the `endings` that do.
    """

    packages: frozenset[str]
    commands: frozenset[str]
    variables: re.Pattern[str]
    sources: re.Pattern[str]
    endings: tuple[str, ...]


class Installers(Struct, frozen=True, kw_only=True):
    """A language's installers in the image of an application of that language: `packages` of the distribution
    with what run time needs of their dependencies, their `commands`, and the `managers` of their effects."""

    packages: Mapping[str, tuple[str, ...]]
    commands: frozenset[str]
    managers: frozenset[str]


def toolchain(of: Language | None) -> Toolchain | None:
    """None where nothing is known about it."""
    row = of.facts("toolchain.toml").get("elsewhere") if of is not None else None
    return row and Toolchain(
        packages=frozenset(row["packages"]),
        commands=frozenset(row["commands"]),
        variables=re.compile(row["variables"]),
        sources=re.compile(row["sources"]),
        endings=tuple(row["endings"]),
    )


def installers(of: Language) -> Installers | None:
    """None where nothing is known about them."""
    row = of.facts("toolchain.toml").get("installers")
    return row and Installers(
        packages={name: tuple(needs) for name, needs in row["packages"].items()},
        commands=frozenset(row["commands"]),
        managers=frozenset(row["managers"]),
    )


def started_by(effect: Effect) -> tuple[str, ...]:
    """The programs that an install, or a fetch of dependencies, starts by itself."""
    own = of_effect(effect)
    row = own.facts("toolchain.toml") if own is not None else {}
    return tuple(row.get("starts", ())) if effect.action in row.get("actions", (effect.action,)) else ()


def compiling(effect: Effect) -> tuple[str, ...]:
    """The programs that an install starts besides where it compiles."""
    own = of_effect(effect)
    return tuple(own.facts("toolchain.toml").get("compiling", ())) if own is not None else ()


def builds_with(of: Language | None) -> frozenset[str]:
    """Packages with interpreters that the installs of a language need where they compile."""
    return frozenset(of.facts("toolchain.toml").get("builds_with", ()) if of is not None else ())


@cache
def beside(package: str) -> tuple[str, ...]:
    """Programs of other sources that come with a package of the distribution, or need it."""
    rows = (known.facts("toolchain.toml").get("beside", {}) for known in languages())
    return tuple(name for row in rows for name in row.get(package, ()))
