"""Loads `commands.toml`, shared and of languages: commands whose effects need no code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from slimify.facts import load
from slimify.languages import language, languages
from slimify.model.effects import EffectKind


class KnownCommand(Struct, frozen=True, kw_only=True):
    """One row; the head of commands.toml explains the selectors."""

    kind: EffectKind
    values: frozenset[str] = frozenset()
    single: bool = False
    skip: int = 0
    unless: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    why: str = ""


class Installer(Struct, frozen=True, kw_only=True):
    """An install script that is downloaded and run, recognized by its URL."""

    address: str  # a pattern
    kind: EffectKind
    ecosystem: str  # a language, "" for none
    manager: str
    action: str
    writes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  # variables that override the target directories


class Commands(Struct, frozen=True, kw_only=True):
    """One table, shared or of a language."""

    known: Mapping[str, KnownCommand]
    tools: Mapping[str, EffectKind]  # project tools that a package manager installs
    values: Mapping[str, frozenset[str]]
    actions: Mapping[str, Mapping[str, EffectKind]]
    installers: tuple[Installer, ...]
    own_version: frozenset[str]
    evaluated: tuple[str, ...]
    prints: Mapping[str, str]


@cache
def commands(of: str = "") -> Commands:
    """The shared table, or that of the language named `of`."""
    data = _data(of)
    known: dict[str, KnownCommand] = {}
    for kind, names in data.get("kind", {}).items():
        known.update(dict.fromkeys(names, KnownCommand(kind=kind)))
    for name, row in data.get("command", {}).items():
        entry = _known_command(row)
        known[name] = entry
        known.update(dict.fromkeys(row.get("like", ()), entry))
    return Commands(
        known=known,
        tools={name: kind for kind, names in data.get("tools", {}).items() for name in names},
        values={name: frozenset(words.split()) for name, words in data.get("values", {}).items()},
        actions={
            manager: {verb: kind for kind, verbs in table.items() for verb in verbs.split()}
            for manager, table in data.get("actions", {}).items()
        },
        installers=tuple(_installer(row, of) for row in data.get("installer", ())),
        own_version=frozenset(data.get("own_version", ())),
        evaluated=tuple(data.get("evaluated", ())),
        prints=data.get("prints", {}),
    )


def tables() -> Iterator[tuple[str, Commands]]:
    """All tables with the names of their languages. The shared table comes last, so that languages win."""
    for known in languages():
        yield known.name, commands(known.name)
    yield "", commands()


def _data(of: str) -> Mapping[str, Any]:
    if not of:
        return load("commands.toml")
    known = language(of)
    return known.facts("commands.toml") if known is not None else {}


def values(name: str, of: str = "") -> frozenset[str]:
    """The options of a command that take a value as a separate word; `of` is the command's language."""
    return commands(of).values[name]


def actions(manager: str) -> Mapping[str, EffectKind]:
    """The kinds of effects of a system package manager's commands: `install` -> packages, …"""
    return commands().actions[manager]


def readers_of(path: str, language: str | None) -> tuple[str, ...]:
    """The only programs that read a configuration file in images of a language; () if unknown."""
    for row in (*_data("")["settings"], *_data(language or "").get("settings", ())):
        if re.search(row["path"], path):
            return tuple(row["readers"])
    return ()


def _known_command(row: Mapping[str, Any]) -> KnownCommand:
    return KnownCommand(
        kind=row["kind"],
        values=frozenset(row.get("values", ())),
        single=row.get("single", False),
        skip=row.get("skip", 0),
        unless=tuple(row.get("unless", ())),
        reads=tuple(row.get("reads", ())),
        writes=tuple(row.get("writes", ())),
        outputs=tuple(row.get("outputs", ())),
        deletes=tuple(row.get("deletes", ())),
        default=tuple(row.get("default", ())),
        caches=tuple(row.get("caches", ())),
        why=row.get("why", ""),
    )


def _installer(row: Mapping[str, Any], of: str) -> Installer:
    return Installer(
        address=row["address"],
        kind=row["kind"],
        ecosystem=of,
        manager=row["manager"],
        action=row["action"],
        **{name: tuple(row.get(name, ())) for name in ("writes", "caches", "packages", "variables")},
    )
