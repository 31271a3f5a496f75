"""Go packages that use C, start programs or read files, and variables that only the toolchain reads.

The rows in facts/go.toml are maintained by hand. A path without a row is plain Go that needs nothing; its
facts have `known=False`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from slimify.facts.native import Native, native_of
from slimify.languages.go import LANGUAGE


class GoFacts(Struct, frozen=True, kw_only=True):
    """A Go package. `cgo` is "no" if nothing is known about it. `files`: what it reads by default.
    `private`: what a variable of the container may name, globs of files that are not under version control.
    `computes_names`: by names that its callers don't spell out. `plain`: only what its callers name."""

    cgo: Literal["always", "optional", "no"] = "no"
    native: Native = Native()
    commands: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    computes_names: bool = False
    plain: bool = False
    known: bool = False


def go_package(path: str) -> GoFacts:
    """The facts of an import path: those of the longest known path that equals or contains it."""
    table = LANGUAGE.facts("go.toml")
    cgo = _longest(table["cgo"], path) or {}
    commands = _longest(table["commands"], path) or ()
    files = _longest(table["files"], path) or ()
    return GoFacts(
        cgo=cgo.get("need", "no"),
        native=native_of(cgo, cgo.get("libraries", ())),
        commands=tuple(commands),
        files=tuple(files),
        private=tuple(_longest(table["private"], path) or ()),
        computes_names=bool(files) and _longest(table["spelled"], path) is None,
        plain=bool(cgo or commands or files) or _longest(table["plain"], path) is not None,
        known=bool(cgo or commands or files),
    )


@cache
def go_toolchain() -> frozenset[str]:
    """Programs that are useless without the Go toolchain: its own, and those that call it."""
    return frozenset(LANGUAGE.facts("go.toml")["toolchain"]["programs"])


def _longest(rows: Mapping[str, Any], path: str) -> Any:
    """The row of the longest key that equals the path or is a parent of it, ignoring a version suffix."""
    parts = path.split("/")
    for cut in range(len(parts), 0, -1):
        row = rows.get("/".join(parts[:cut]))
        # the standard library's net is not net/http
        if row is not None and (cut == len(parts) or "." in parts[0]):
            return row
    return None
