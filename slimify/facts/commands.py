"""Loads `commands.toml`: what commands do that need no code to say it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, cast

from slimify.model import EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """A script that is fetched and run, known by its address."""

    address: re.Pattern[str]
    kind: EffectKind
    manager: str
    action: str
    writes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  # directories that it takes from the environment instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Program text that fetches data for run time."""

    pattern: re.Pattern[str]
    name: str
    writes: tuple[str, ...]
    option: tuple[re.Pattern[str], ...] = ()  # where the text itself names the directory
    variable: str = ""  # where the environment does


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    known: Mapping[str, Known]
    node_tools: Mapping[str, EffectKind]
    build_scripts: frozenset[str]
    check_scripts: frozenset[str]
    django: Mapping[str, str]
    modules: Mapping[str, EffectKind]
    downloads: tuple[Download, ...]
    installers: tuple[Installer, ...]


@cache
def commands() -> Commands:
    """The table, read once."""
    data = tomllib.loads(files("slimify.facts").joinpath("commands.toml").read_text(encoding="utf-8"))
    known: dict[str, Known] = {}
    for kind, names in data["kind"].items():
        known.update(dict.fromkeys(names, Known(kind=kind)))
    for name, row in data["command"].items():
        entry = _known(row)
        known[name] = entry
        known.update(dict.fromkeys(row.get("like", ()), entry))
    node = data["node"]
    tools = {name: cast(EffectKind, kind) for kind in ("build", "check", "app") for name in node[kind]}
    return Commands(
        known=known,
        node_tools=tools,
        build_scripts=frozenset(node["build-scripts"]),
        check_scripts=frozenset(node["check-scripts"]),
        django=data["django"],
        modules=data["modules"],
        downloads=tuple(_download(row) for row in data["download"]),
        installers=tuple(_installer(row) for row in data["installer"]),
    )


def _known(row: Mapping[str, Any]) -> Known:
    lists = ("reads", "writes", "outputs", "deletes", "default", "caches")
    known = Known(
        kind=row["kind"],
        values=frozenset(row.get("values", ())),
        single=row.get("single", False),
        skip=row.get("skip", 0),
        why=row.get("why", ""),
    )
    return replace(known, **{name: tuple(row.get(name, ())) for name in lists})


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
        manager=row["manager"],
        action=row["action"],
        **{name: tuple(row.get(name, ())) for name in ("writes", "caches", "packages", "variables")},
    )
