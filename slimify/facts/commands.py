"""Loads `commands.toml`, shared and of languages: commands whose effects need no code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct, convert

from slimify.facts import load
from slimify.languages import language, languages
from slimify.model.effects import EffectKind


class KnownCommand(Struct, frozen=True, kw_only=True):
    """One row; the head of commands.toml explains the selectors."""

    kind: EffectKind
    values: frozenset[str] = frozenset()
    single: bool = False
    stop: bool = False
    skip: int = 0
    unless: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    libraries: str = ""
    why: str = ""
    action: str = ""
    manager: str = ""
    packages: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


class Installer(KnownCommand, frozen=True, kw_only=True):
    """An install script that is downloaded and run, recognized by its URL."""

    address: str  # a pattern
    ecosystem: str = ""  # a language, "" for none
    variables: tuple[str, ...] = ()  # variables that override the target directories


class Archive(Struct, frozen=True):
    """An archive, recognized by its name or address, and the one directory that it holds."""

    address: str  # a pattern
    top: str


class Commands(Struct, frozen=True, kw_only=True):
    """One table, shared or of a language."""

    known: Mapping[str, KnownCommand]
    tools: Mapping[str, EffectKind]  # project tools that a package manager installs
    values: Mapping[str, frozenset[str]]
    shows: Mapping[str, frozenset[str]]
    actions: Mapping[str, Mapping[str, EffectKind]]
    installers: tuple[Installer, ...]
    archives: tuple[Archive, ...]
    own_version: frozenset[str]
    evaluated: tuple[str, ...]
    prints: Mapping[str, str]
    prints_place: Mapping[str, str]


@cache
def commands(of: str = "") -> Commands:
    """The shared table, or that of the language named `of`."""
    data = _data(of)
    known: dict[str, KnownCommand] = {}
    for kind, names in data.get("kind", {}).items():
        known.update(dict.fromkeys(names, KnownCommand(kind=kind)))
    rows = data.get("command", {})
    for name, row in rows.items():
        program = rows.get(name.partition(" ")[0], {})
        entry = convert({"values": program.get("values", ()), **row}, KnownCommand)
        known[name] = entry
        known.update(dict.fromkeys(row.get("like", ()), entry))
    return Commands(
        known=known,
        tools={name: kind for kind, names in data.get("tools", {}).items() for name in names},
        **{
            table: {name: frozenset(words.split()) for name, words in data.get(table, {}).items()}
            for table in ("values", "shows")
        },
        actions={
            manager: {verb: kind for kind, verbs in table.items() for verb in verbs.split()}
            for manager, table in data.get("actions", {}).items()
        },
        installers=convert(
            [{**row, "ecosystem": of} for row in data.get("installer", ())], tuple[Installer, ...]
        ),
        archives=convert(data.get("archive", ()), tuple[Archive, ...]),
        own_version=frozenset(data.get("own_version", ())),
        evaluated=tuple(data.get("evaluated", ())),
        prints=data.get("prints", {}),
        prints_place=data.get("prints_place", {}),
    )


@cache
def handlers() -> Mapping[str, str]:
    """The functions that interpret calls of programs, by program."""
    rows = load("commands.toml")["handlers"].items()
    return {name: function for function, names in rows for name in names.split()}


@cache
def parts(program: str) -> Mapping[str, KnownCommand]:
    """The shared rows of a program's options and subcommands, in the order of the table."""
    known = commands().known.items()
    return {name.removeprefix(f"{program} "): row for name, row in known if name.startswith(f"{program} ")}


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


def shows(name: str, of: str = "") -> frozenset[str]:
    """The options with which a command only prints something."""
    return commands(of).shows[name]


def actions(program: str) -> Mapping[str, EffectKind]:
    """The kinds of effects of a program's subcommands: `install` of apt -> packages, …"""
    return commands().actions[program]


def readers_of(path: str, language: str | None) -> tuple[str, ...]:
    """The only programs that read a configuration file in images of a language; () if unknown."""
    for row in (*_data("")["settings"], *_data(language or "").get("settings", ())):
        if re.search(row["path"], path):
            return tuple(row["readers"])
    return ()
