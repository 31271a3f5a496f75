"""What npm packages need of the system, and further facts.

The rows in facts/npm.toml are maintained by hand. A name without a row is plain JavaScript that needs
nothing; its facts have `known=False`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts.native import Native, invert, native_of
from slimify.languages.node import LANGUAGE
from slimify.model.sizes import MB


class NpmFacts(Struct, frozen=True, kw_only=True):
    """An npm package. `bins` are the commands that it installs; None: unknown which. `prebuilt` is None
    without native code. `stored` is what its install leaves in npm's cache, in MB, if measured."""

    bins: tuple[str, ...] | None = None
    prebuilt: Literal["package", "download", "none"] | None = None
    musl: bool = True
    native: Native = Native()
    commands: tuple[str, ...] = ()
    stored: int | None = None
    known: bool = False
    requires: tuple[str, ...] = ()


@lru_cache(maxsize=4096)  # of each file, all names of its lock files are asked for, several times
def npm(name: str) -> NpmFacts:
    """The facts of a package by its name, with scope and without version."""
    table = _table()
    row = table["native"].get(name, {})
    browser = name in table["browsers"]["packages"]
    libraries = [*row.get("libraries", ()), *(table["browsers"]["libraries"] if browser else ())]
    sections = ("bins", "native", "commands", "caches")
    return NpmFacts(
        bins=tuple(table["bins"][name]) if name in table["bins"] else None,
        prebuilt=row.get("prebuilt"),
        musl=row.get("musl", True),
        native=native_of(row, libraries),
        commands=tuple(table["commands"].get(name, ())) or _named_programs(name),
        stored=table["stored"].get(name),
        known=browser or any(name in table[section] for section in sections),
    )


def _named_programs(name: str) -> tuple[str, ...]:
    """The programs that a package starts, if its name tells."""
    words = _table()["words"]
    if re.search(words["none"].replace("\n", ""), name):
        return ()
    found = (
        p for word, p in words["of"].items() if re.search(rf"(?<![a-z0-9]){word}(?![a-z0-9])", name.lower())
    )
    return tuple(program for programs in found for program in programs)


def installed_bytes(name: str, *, alone: bool) -> int | None:
    """What a package takes in node_modules, alone or with its dependencies; None if that was not measured."""
    table = _table()
    size = table["alone"].get(name) if alone else table["trees"].get(name, table["alone"].get(name))
    return size * MB if size is not None else None


def possible_programs(name: str) -> tuple[str, ...]:
    """The commands that a package installs; where they are unknown, the one that most such packages have."""
    bins = npm(name).bins
    return bins if bins is not None else (name.rpartition("/")[2],)


def bin_packages(command: str) -> tuple[str, ...]:
    """The packages that may install a command, the one of the same name last."""
    return tuple(dict.fromkeys([*_bins().get(command, ()), command]))


def is_build_only(command: str) -> bool:
    """Whether an npm command is only used to build, test or check."""
    return command in _table()["builders"]["commands"]


def has_no_plugins(command: str) -> bool:
    """Whether a started npm command loads no package but its own, those of sources, and those that its
    settings name in full."""
    return command in _table()["plain"]["commands"]


def loads_typescript(name: str) -> bool:
    """Whether a package or program loads TypeScript, or helps with that."""
    facts = LANGUAGE.facts("tool-settings.toml")["loaders"]
    return name in facts["of"] or name in {*facts["any"].split(), facts["with"]}


def loaders(name: str) -> Iterator[str]:
    """Packages that load this one: a text that names them may need it."""
    yield from _table()["loaded"].get(name, ())
    for pattern, names in _table()["plugins"].items():
        if re.fullmatch(pattern, name):
            yield from names


def tool_of_plugin(name: str) -> str:
    """The tool that loads a package by a part of its name; "" if none is known to."""
    plugins = _table()["plugins"].items()
    return next((names[0] for pattern, names in plugins if re.fullmatch(pattern, name)), "")


def may_load(loader: str, name: str) -> bool:
    """Whether a package may load another one that it does not depend on: it extends its name. Packages of
    types load nothing."""
    (scope, _, own), (of, _, other) = loader.rpartition("/"), name.rpartition("/")
    extends = own.startswith(f"{other}-") and scope != "@types" and of in ("", scope)
    return extends and not any(map(is_build_only, possible_programs(name)))


def looked_up(loader: str) -> Sequence[str]:
    """The packages of which one looks up any in the application, without depending on it."""
    found: Sequence[str] = _table()["looked_up"].get(loader, ())
    return found


def words_for(name: str) -> Sequence[str]:
    """What settings say for a package besides its name."""
    words: str = _table()["selected"]["words"].get(name, "")
    return words.split()


def is_chosen_by(name: str, path: str) -> bool:
    """Whether a file is one that another package reads with this one."""
    pattern = _table()["selected"]["files"].get(name)
    return pattern is not None and re.search(pattern, path) is not None


def written_by_compiler(name: str, path: str, text: Callable[[], str]) -> bool:
    """Whether a file has settings by which a compiler makes its output load the package."""
    files, said = _table()["selected"]["helpers"].get(name, ("(?!)", ""))
    return re.search(files, path) is not None and re.search(said, text()) is not None


@cache
def _bins() -> Mapping[str, tuple[str, ...]]:
    return invert(_table()["bins"])


def _table() -> Mapping[str, Any]:
    return LANGUAGE.facts("npm.toml")


def packages_leaving(place: str) -> tuple[str, ...]:
    """The packages whose install downloads something into a directory."""
    rows = _table()["caches"].items()
    return tuple(name for name, places in rows if any(place.endswith(p.removeprefix("~")) for p in places))
