"""Facts about Alpine's packages: kind, commands, and what replaces them at run time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from slimify.facts import load
from slimify.facts.debian import PackageFacts, counterparts_by_rule, kind_of, kinds
from slimify.model.versions import version_numbers

_FILE = "packages-alpine.toml"


def alpine_package(name: str, release: str | None) -> PackageFacts:
    """Facts about a package of a release such as `3.20` (None: the newest)."""
    kind, listed = kind_of(name, _FILE)
    rows = load(_FILE)
    provides = rows["provides"].get(name)
    program = listed and kind != "unknown" and not re.fullmatch(rows["no_program"], name)
    return PackageFacts(
        name=name,
        kind=kind,
        commands=tuple(provides or ((name,) if program else ())),
        counterparts=alpine_counterparts(name, release),
    )


def alpine_counterparts(name: str, release: str | None) -> tuple[str, ...] | None:
    """The runtime packages that replace a build package: () for none, None if unknown."""
    row: list[str] | Mapping[str, list[str]] | None = load(_FILE)["counterparts"].get(name)
    if row is None:
        return counterparts_by_rule(load(_FILE), name)
    if isinstance(row, list):
        return tuple(row)
    before = [first for first in row if release is None or version_numbers(first) <= version_numbers(release)]
    return tuple(row[max(before, key=version_numbers)]) if before else None


def alpine_library(library: str) -> str | None:
    """The package of a shared library: `libmagic.so.1`, `libmagic` or `magic`. None if unknown."""
    bare = (library if library.startswith("lib") else f"lib{library}").partition(".so")[0]
    package: str | None = load(_FILE)["libraries"].get(bare)
    return package


def alpine_command(command: str) -> str | None:
    """The package to install for a command; None if unknown, or if busybox provides it."""
    if command in busybox_commands():
        return None
    preferred: str | None = load(_FILE)["commands"].get(command)
    return preferred or _command_index().get(command)


@cache
def busybox_commands() -> frozenset[str]:
    """The commands that every Alpine image has."""
    return frozenset(load(_FILE)["busybox"]["commands"])


@cache
def _command_index() -> Mapping[str, str]:
    """Packages by command. A package with the name of the command wins."""
    index = {name: name for name, kind in kinds(_FILE).items() if kind in ("fetch", "tool", "run")}
    for package, commands in load(_FILE)["provides"].items():
        for command in commands:
            index.setdefault(command, package)
    return index
