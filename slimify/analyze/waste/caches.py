"""Finds caches of builds, downloads and package managers that no program reads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.analyze.image_inputs import (
    FindingText,
    ImageInputs,
    StoredFile,
    WasteFinding,
    by_layer,
    waste_finding,
)
from slimify.analyze.programs import mentioned_programs
from slimify.facts import merged


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """One finding for each cache and layer."""
    facts = merged("waste.toml")
    needed = (*_needed(inputs, facts["needed"]), *volumes(inputs))
    inside = tuple(f"{place}/" for place in needed)
    words = mentioned_programs(inputs)
    seen: set[str] = set()
    for row in facts["caches"]:
        if words & set(row.get("users", ())):
            continue
        for path, places in _places(inputs, row):
            files = [
                item
                for place in places
                if place not in needed and not _is_read(inputs, place, row.get("unless", ()))
                for item in inputs.files_below(place)
                if item.path not in seen
                and item.path not in inputs.hardlinked
                and not item.path.startswith(inside)
            ]
            seen.update(item.path for item in files)
            for layer, part in by_layer(files).items():
                if not row.get("copied") or inputs.origin.instructions[layer].startswith(("COPY", "ADD")):
                    yield _finding(inputs, row, path, part)


def volumes(inputs: ImageInputs) -> tuple[str, ...]:
    """Directories that the image declares as volumes. They contain data, not caches."""
    declared = inputs.image.config.get("Volumes")
    return tuple(str(path).rstrip("/") for path in declared) if isinstance(declared, Mapping) else ()


def _needed(inputs: ImageInputs, row: Mapping[str, Any]) -> tuple[str, ...]:
    places = [f"{home}/{name}" for home in inputs.homes for name in row["home"]]
    named = [inputs.environment[name].rstrip("/") for name in row["env"] if inputs.environment.get(name)]
    return (*places, *row["paths"], *named)


def _places(inputs: ImageInputs, row: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The caches of a row: the path to report, and all paths of the cache."""
    patterns = [f"~/{name}" for name in row.get("home", ())]
    if elsewhere := inputs.environment.get("XDG_CACHE_HOME", "").rstrip("/"):
        patterns += [f"{elsewhere}/{name[7:]}" for name in row.get("home", ()) if name.startswith(".cache/")]
    # values of variables, unless they are top-level directories
    named = [posixpath.normpath(inputs.environment.get(name, "/")) for name in row.get("env", ())]
    patterns += [path for path in named if path.count("/") > 1]
    for pattern in (*patterns, *row.get("paths", ())):
        for path in inputs.existing_paths(pattern):
            yield path, (path,)
    if files := [path for path in row.get("files", ()) if inputs.file_at(path)]:
        yield files[0], tuple(files)
    for name in row.get("names", ()):
        if found := inputs.directories_named(name):
            yield found[0] if len(found) == 1 else posixpath.commonpath(found), found


def _is_read(inputs: ImageInputs, path: str, names: tuple[str, ...]) -> bool:
    """Whether a file in the working directory or next to the cache shows that a program reads the cache."""
    places = [str(inputs.image.config.get("WorkingDir") or "/"), posixpath.dirname(path)]
    return any(inputs.files.resolve(posixpath.join(place, name)) for name in names for place in places)


def _finding(inputs: ImageInputs, row: Mapping[str, Any], path: str, files: list[StoredFile]) -> WasteFinding:
    return waste_finding(
        inputs,
        files,
        path,
        FindingText(
            code=row["code"],
            kind="cache",
            text=f"{row['name']}: {row['why']}.",
            remedy=row["remedy"].format(path=path),
            safe=row.get("safe", True),
            rewrite=row.get("rewrite", True),
        ),
    )
