"""The tables about images: images.toml, joined with those of languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from slimify.facts import load, merged, words
from slimify.languages import language, languages


@cache
def image_tables() -> Mapping[str, Any]:
    """The tables by section. Of rows tried in order, those of languages come first."""
    tables = merged("images.toml")
    return {**tables, "other": [_fill_languages(row) for row in tables["other"]]}


@cache
def tags(family: str) -> Mapping[str, Any]:
    """Every tag of a language's official image, with its suite and release."""
    known = language(image_tables()["official"][family]["language"])
    return known.facts(f"tags-{family}.json") if known is not None else {}


def accounts(family: str) -> tuple[str, ...]:
    """The accounts that images of a family add to those of their distribution."""
    tables = image_tables()
    return (*tables["official"].get(family, {}).get("users", ()), *tables["accounts"].get(family, ()))


@cache
def named_language(name: str) -> str | None:
    """The language that an image name refers to (`golang`, `nodejs`)."""
    return next((known.name for known in languages() if name in (known.name, *known.image_names)), None)


def _fill_languages(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with the names of languages in its pattern."""
    names = (name for known in languages() for name in (known.name, *known.image_names))
    return {**row, "image": row["image"].replace("{languages}", f"(?:{'|'.join(map(re.escape, names))})")}


@cache
def entry_scripts() -> frozenset[str]:
    """The entry scripts of official images. The one of Node only decides whether to prepend `node`."""
    return frozenset(words("images.toml", "entry_scripts"))


def distribution(release_id: str) -> str | None:
    """The distribution that ID of an os-release file stands for; None if unknown."""
    found: str | None = load("images.toml")["release_ids"].get(release_id)
    return found


@cache
def data_packages() -> Mapping[str, str]:
    """Packages that consist of data, each with the path that stands for it."""
    return dict(image_tables()["data-packages"])


def data_packages_of(paths: Iterable[str]) -> frozenset[str]:
    """The packages that consist of data and have these paths; none if a path is not known to be theirs."""
    table = data_packages()
    found = [
        frozenset(name for name, place in table.items() if f"{path}/".startswith(f"{place}/"))
        for path in paths
    ]
    return frozenset().union(*found) if all(found) else frozenset()


def image_packages(repository: str) -> frozenset[str]:
    """The packages in images of a repository that are not in the package lists."""
    rows = image_tables()["packages"]
    return frozenset(name for row in rows if re.match(row["image"], repository) for name in row["packages"])


def busybox_servers() -> frozenset[str]:
    """The programs of busybox that serve, in images of Alpine."""
    return frozenset(words("images.toml", "busybox"))
