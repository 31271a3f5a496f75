"""Media types by file name extension: those built into languages, and those only in Debian's table.

Python's `mimetypes.init` and Go's `mime.TypeByExtension`, for example, read the table (package media-types,
before Debian 11 mime-support) in addition to their own. Full images have it, slim ones don't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from slimify.facts import load, words
from slimify.languages import language
from slimify.model.versions import version_numbers

TABLE = "/etc/mime.types"


def contains_table(package: str) -> bool:
    """Whether a Debian package contains the table."""
    return package in words("media-types.toml", "packages")


def known(name: str | None) -> frozenset[str]:
    """The extensions whose type is built into a language; none if unknown."""
    return frozenset(_row(name).get("known", "").split())


def frontend_prefixes(name: str | None) -> tuple[str, ...]:
    """The name prefixes of a language's packages that contain files for browsers."""
    return tuple(_row(name).get("frontends", ()))


def asks_table(imports: Iterable[str], name: str | None) -> str:
    """The first import that looks media types up for its caller; "" without one."""
    return next((module for module in imports if module == _row(name).get("asks")), "")


def first_file_server(imports: Iterable[str], name: str | None) -> str:
    """The first import that serves files or guesses their types; "" without one."""
    servers = frozenset(_row(name).get("servers", "").split())
    return next((name for name in imports if {name, name.partition(".")[0]} & servers), "")


def endings_by_table(name: str | None, version: str | None, suite: str | None) -> frozenset[str]:
    """The extensions of served files that have no type, or a different one, without the table.

    `version` is the language's (`3.8`), `suite` Debian's release (`bookworm`); None if unknown.
    """
    minor = (*version_numbers(version or ""), 0, 0)[1]
    retold = (
        ending
        for ending, row in _row(name).get("retold", {}).items()
        if minor <= row["until"] and suite not in row["but"]
    )
    return frozenset(words("media-types.toml", "endings")) - known(name) | frozenset(retold)


def _row(name: str | None) -> Mapping[str, Any]:
    own = language(name)
    return own.facts("media-types.toml") if own is not None else {}


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(load("media-types.toml")["served"][name])


def served(path: str) -> bool:
    """Whether a file is in a directory that servers usually serve."""
    package = _pattern("package").search(path)
    if _pattern("about").match(path.rpartition("/")[2]) or (
        package is None and _pattern("system").match(path)
    ):
        return False
    if package is not None:
        return _pattern("of_package").search(path, package.end() - 1) is not None
    return _pattern("directories").search(path) is not None
