"""The features of each builder, from builders.toml: only syntax that the builder supports is emitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from slimify.facts import load, merged, records
from slimify.model.versions import version_numbers

Feature = Literal[
    "cache_mounts",
    "mounts",
    "heredocs",
    "chmod",
    "chmod_words",
    "run_flags",
    "skips_unused",
    "inherits_args",
]


def can(builder: str, feature: Feature) -> bool:
    """Whether a builder profile has a feature."""
    return bool(load("builders.toml")[builder][feature])


def title(builder: str) -> str:
    """The display name of a builder."""
    return str(load("builders.toml")[builder]["title"])


def syntax_can(syntax: str | None, feature: Literal["cache_mounts"]) -> bool:
    """Whether the frontend of a `# syntax` directive has a feature; `docker/dockerfile:1.0` lacks it.

    None is the builder's own frontend, which is new enough. Frontends of other projects count as lacking it.
    """
    if syntax is None:
        return True
    known = load("builders.toml")["syntax"]
    name, _, tag = syntax.partition("@")[0].strip().removeprefix("docker.io/").partition(":")
    if name != known["repository"]:
        return False
    version = re.match(r"\d+(?:\.\d+)*", tag)
    if version is None or "." not in version[0]:
        return True  # latest, labs, 1: the newest
    return version_numbers(version[0]) >= version_numbers(known[feature])


class CacheFacts(Struct, frozen=True, kw_only=True):
    """How to mount the cache of one installer; builders.toml explains the fields."""

    mentions: tuple[re.Pattern[str], ...]
    cleans: re.Pattern[str]
    targets: tuple[str, ...] = ()
    sharing: str = ""
    others: bool = False
    prepare: str = ""
    whole: bool = field(name="all", default=False)
    reinstalls: bool = False
    home: str = ""
    off: str = ""
    forgets: re.Pattern[str] | None = None


def cache(manager: str) -> CacheFacts | None:
    """The facts about an installer's cache; None if it has no cache mount."""
    row: Mapping[str, Any] | None = merged("builders.toml")["cache"].get(manager)
    return records(row, CacheFacts) if row is not None else None
