"""Loads `commands.toml`: what commands do that need no code to say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from slimify.facts import load
from slimify.model.effects import EffectKind


class Known(Struct, frozen=True, kw_only=True):
    """One row: see the head of commands.toml for what the selectors mean."""

    kind: EffectKind
    values: frozenset[str] = frozenset()
    single: bool = False
    skip: int = 0
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    why: str = ""


class Installer(Struct, frozen=True, kw_only=True):
    """A script that is fetched and run, known by its address."""

    address: re.Pattern[str]
    kind: EffectKind
    ecosystem: str  # a language, "" for none
    manager: str
    action: str
    writes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  # directories that it takes from the environment instead


class Download(Struct, frozen=True, kw_only=True):
    """Program text that fetches data for run time."""

    pattern: re.Pattern[str]
    name: str
    writes: tuple[str, ...]
    option: tuple[re.Pattern[str], ...] = ()  # where the text itself names the directory
    variable: str = ""  # where the environment does


class Commands(Struct, frozen=True, kw_only=True):
    known: Mapping[str, Known]
    node_tools: Mapping[str, EffectKind]
    build_scripts: frozenset[str]
    check_scripts: frozenset[str]
    run_scripts: frozenset[str]
    django: Mapping[str, str]
    modules: Mapping[str, EffectKind]
    values: Mapping[str, frozenset[str]]
    actions: Mapping[str, Mapping[str, EffectKind]]
    downloads: tuple[Download, ...]
    installers: tuple[Installer, ...]


@cache
def commands() -> Commands:
    """The table, read once."""
    data = load("commands.toml")
    known: dict[str, Known] = {}
    for kind, names in data["kind"].items():
        known.update(dict.fromkeys(names, Known(kind=kind)))
    for name, row in data["command"].items():
        entry = _known(row)
        known[name] = entry
        known.update(dict.fromkeys(row.get("like", ()), entry))
    node = data["node"]
    kinds: tuple[EffectKind, ...] = ("build", "check", "app")
    tools = {name: kind for kind in kinds for name in node[kind]}
    return Commands(
        known=known,
        node_tools=tools,
        build_scripts=frozenset(node["build-scripts"]),
        check_scripts=frozenset(node["check-scripts"]),
        run_scripts=frozenset(node["run-scripts"]),
        django=data["django"],
        modules=data["modules"],
        values={name: frozenset(words.split()) for name, words in data["values"].items()},
        actions={
            manager: {verb: kind for kind, verbs in table.items() for verb in verbs.split()}
            for manager, table in data["actions"].items()
        },
        downloads=tuple(_download(row) for row in data["download"]),
        installers=tuple(_installer(row) for row in data["installer"]),
    )


def values(name: str) -> frozenset[str]:
    """The options of a command that take a value as a separate word."""
    return commands().values[name]


def actions(manager: str) -> Mapping[str, EffectKind]:
    """What the commands of a system package manager do: `install` -> packages, …"""
    return commands().actions[manager]


def readers_of(path: str, language: str | None) -> tuple[str, ...]:
    """The only programs that read a file of settings, () where others may, or nothing is known of it."""
    for row in load("commands.toml")["settings"]:
        if re.search(row["path"], path) and language in row.get("languages", (language,)):
            return tuple(row["readers"])
    return ()


def _known(row: Mapping[str, Any]) -> Known:
    return Known(
        kind=row["kind"],
        values=frozenset(row.get("values", ())),
        single=row.get("single", False),
        skip=row.get("skip", 0),
        reads=tuple(row.get("reads", ())),
        writes=tuple(row.get("writes", ())),
        outputs=tuple(row.get("outputs", ())),
        deletes=tuple(row.get("deletes", ())),
        default=tuple(row.get("default", ())),
        caches=tuple(row.get("caches", ())),
        why=row.get("why", ""),
    )


def _download(row: Mapping[str, Any]) -> Download:
    return Download(
        pattern=re.compile(row["pattern"]),
        name=row["name"],
        writes=tuple(row["writes"]),
        option=tuple(re.compile(text) for text in row.get("option", ())),
        variable=row.get("variable", ""),
    )


def _installer(row: Mapping[str, Any]) -> Installer:
    return Installer(
        address=re.compile(row["address"]),
        kind=row["kind"],
        ecosystem=row.get("ecosystem", ""),
        manager=row["manager"],
        action=row["action"],
        **{name: tuple(row.get(name, ())) for name in ("writes", "caches", "packages", "variables")},
    )
