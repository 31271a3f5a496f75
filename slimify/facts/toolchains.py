"""Facts about interpreters, compilers and installers of languages: their packages and what they start.

The rows are located in each language's facts/toolchain.toml.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from msgspec import Struct

from slimify.facts import records
from slimify.facts.images import ImageFacts
from slimify.facts.recommends import brought_along
from slimify.facts.system import distribution_program
from slimify.languages import Language, language, languages, of_effect
from slimify.model.effects import Effect


class Toolchain(Struct, frozen=True, kw_only=True):
    """A language's interpreter and installers in the image of an application in another language.

    `packages` are their system packages, `commands` their programs. `variables` matches values of environment
    variables that refer to installed packages; `sources` does so in files with one of the `endings`.
    """

    packages: frozenset[str]
    commands: frozenset[str]
    variables: re.Pattern[str]
    sources: re.Pattern[str]
    endings: tuple[str, ...]


class Installers(Struct, frozen=True, kw_only=True):
    """A language's installers in the image of an application in that language.

    `packages` are their system packages with those dependencies that are needed at run time; `commands` are
    their programs, `managers` the managers of their effects. `parts` are the packages, by suite, with a part
    of the interpreter's library that only such packages bring.
    """

    packages: Mapping[str, tuple[str, ...]]
    commands: frozenset[str]
    managers: frozenset[str]
    parts: Mapping[str, frozenset[str]] = {}


def toolchain(of: Language | None) -> Toolchain | None:
    """The toolchain of a language; None if unknown."""
    row = of.facts("toolchain.toml").get("elsewhere") if of is not None else None
    return row and records(row, Toolchain)


def installers(of: Language) -> Installers | None:
    """The installers of a language; None if unknown."""
    row = of.facts("toolchain.toml").get("installers")
    return row and records(row, Installers)


def names_home(ecosystem: str, text: str) -> bool:
    """Whether a source in a language names the home directory: a script that does may write there."""
    found = _home_names(ecosystem)
    return found is not None and found.search(text) is not None


@cache
def _home_names(ecosystem: str) -> re.Pattern[str] | None:
    known = language(ecosystem)
    row = known.facts("toolchain.toml").get("home") if known is not None else None
    return re.compile(row["names"]) if row else None


def has_own_interpreter(base: ImageFacts | None, of: Language | None, called: Collection[str]) -> bool:
    """Whether an image has an interpreter of its own, and nothing calls that of the distribution."""
    return (
        base is not None
        and of is not None
        and base.language == of.name
        and not _at_distribution(base, called)
    )


def own_programs(base: ImageFacts, called: Collection[str]) -> frozenset[str]:
    """The programs that come before the distribution's on PATH, and that nothing calls by another path."""
    return frozenset(base.commands).difference(_at_distribution(base, called))


def _at_distribution(base: ImageFacts, called: Collection[str]) -> frozenset[str]:
    return frozenset(base.commands).intersection(map(distribution_program, called))


def library_parts(of: Language | None, base: ImageFacts | None, named: Iterable[str] = ()) -> frozenset[str]:
    """The packages that complete the library of a distribution's own interpreter, without those that come
    along with what run time needs of the `named` installers; none if the base has another interpreter."""
    own = installers(of) if of is not None else None
    if own is None or base is None or base.language is not None:
        return frozenset()
    kept = (package for name in named for package in own.packages.get(name, ()))
    brought = (brought_along(package, base.suite, recommended=False) for package in kept)
    return own.parts.get(base.suite or "", frozenset()).difference(*brought)


def programs_started_by(effect: Effect) -> tuple[str, ...]:
    """The programs that an install, or a download of dependencies, starts on its own."""
    own = of_effect(effect)
    row = own.facts("toolchain.toml") if own is not None else {}
    return tuple(row.get("starts", ())) if effect.action in row.get("actions", (effect.action,)) else ()


def compile_programs(effect: Effect) -> tuple[str, ...]:
    """The additional programs that an install starts if it compiles."""
    own = of_effect(effect)
    return tuple(own.facts("toolchain.toml").get("compiling", ())) if own is not None else ()


def interpreters_to_compile(of: Language | None) -> frozenset[str]:
    """Packages of interpreters that installs of a language require to compile."""
    return frozenset(of.facts("toolchain.toml").get("builds_with", ()) if of is not None else ())


def is_development_file(of: Language | None, path: str) -> bool:
    """Whether a source or a setting serves tests and development only, judged by its path."""
    pattern = of.facts("toolchain.toml").get("files", {}).get("development") if of is not None else None
    return pattern is not None and re.search(pattern, path) is not None


def is_development_package(of: Language, name: str) -> bool:
    """Whether nothing but development uses a package, by its normalized name."""
    patterns = of.facts("toolchain.toml").get("testing", {}).get("packages", "").split()
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@cache
def beside(package: str) -> tuple[str, ...]:
    """Programs from other sources that belong to a system package or require it."""
    tables = (known.facts("toolchain.toml").get("beside", {}) for known in languages())
    return tuple(name for row in tables for name in row.get(package, ()))
