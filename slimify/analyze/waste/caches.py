"""Caches of builds and downloads, and what package managers leave; not what a program reads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, by_layer, finding
from slimify.analyze.programs import called
from slimify.facts import merged


def find(sight: Sight) -> Iterator[Found]:
    """A finding for each cache and each layer that has some of it."""
    facts = merged("waste.toml")
    needed = (*_needed(sight, facts["needed"]), *volumes(sight))
    inside = tuple(f"{place}/" for place in needed)
    words = called(sight)
    seen: set[str] = set()
    for row in facts["caches"]:
        if words & set(row.get("users", ())):
            continue
        for path, places in _places(sight, row):
            files = [
                item
                for place in places
                if place not in needed and not _shows_use(sight, place, row.get("unless", ()))
                for item in sight.below(place)
                if item.path not in seen
                and item.path not in sight.linked
                and not item.path.startswith(inside)
            ]
            seen.update(item.path for item in files)
            for layer, part in by_layer(files).items():
                if not row.get("copied") or sight.origin.instructions[layer].startswith(("COPY", "ADD")):
                    yield _finding(sight, row, path, part)


def volumes(sight: Sight) -> tuple[str, ...]:
    """Directories that the image declares as volumes: what is in them is data."""
    declared = sight.image.config.get("Volumes")
    return tuple(str(path).rstrip("/") for path in declared) if isinstance(declared, Mapping) else ()


def _needed(sight: Sight, row: Mapping[str, Any]) -> tuple[str, ...]:
    places = [f"{home}/{name}" for home in sight.homes for name in row["home"]]
    named = [sight.environment[name].rstrip("/") for name in row["env"] if sight.environment.get(name)]
    return (*places, *row["paths"], *named)


def _places(sight: Sight, row: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What to call a place, and the paths it consists of."""
    patterns = [f"~/{name}" for name in row.get("home", ())]
    if elsewhere := sight.environment.get("XDG_CACHE_HOME", "").rstrip("/"):
        patterns += [f"{elsewhere}/{name[7:]}" for name in row.get("home", ()) if name.startswith(".cache/")]
    # A variable's value, unless it is a directory of the system.
    named = [posixpath.normpath(sight.environment.get(name, "/")) for name in row.get("env", ())]
    patterns += [path for path in named if path.count("/") > 1]
    for pattern in (*patterns, *row.get("paths", ())):
        for path in sight.places(pattern):
            yield path, (path,)
    if files := [path for path in row.get("files", ()) if sight.at(path)]:
        yield files[0], tuple(files)
    for name in row.get("names", ()):
        if found := sight.directories(name):
            yield found[0] if len(found) == 1 else posixpath.commonpath(found), found


def _shows_use(sight: Sight, path: str, names: tuple[str, ...]) -> bool:
    """Whether a file beside the image's working directory or above the cache shows that it is read."""
    places = [str(sight.image.config.get("WorkingDir") or "/"), posixpath.dirname(path)]
    return any(sight.files.resolve(posixpath.join(place, name)) for name in names for place in places)


def _finding(sight: Sight, row: Mapping[str, Any], path: str, files: list[Stored]) -> Found:
    return finding(
        sight,
        files,
        path,
        Description(
            code=row["code"],
            kind="cache",
            text=f"{row['name']}: {row['why']}.",
            remedy=row["remedy"].format(path=path),
            safe=row.get("safe", True),
            rewrite=row.get("rewrite", True),
        ),
    )
