"""Finds packages that only development requires."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analyze.image_inputs import ImageInputs, StoredFile, WasteFinding, finding_text, waste_finding
from slimify.analyze.waste.duplicates import common_path
from slimify.languages import languages

MAX_NAMES = 4  # packages that a message names


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """The findings of each language."""
    for known in languages() if inputs.sources_searchable else ():
        part = known.image_waste
        if part is not None:
            yield from part.development_packages(inputs)


def packages_finding(
    inputs: ImageInputs, files: Sequence[StoredFile], names: Mapping[str, str], path: str, what: str
) -> WasteFinding:
    """A finding about files of packages in a layer. `names` are the package names by file or directory,
    `what` is its own in facts/waste.toml. `path`: "" for that of the largest package."""
    parts: dict[str, list[StoredFile]] = {}
    for item in files:
        place = item.path
        while place not in names:
            place = posixpath.dirname(place)
        parts.setdefault(names[place], []).append(item)
    sizes = {name: sum(item.size for item in part) for name, part in parts.items()}
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    more = f" and {len(largest) - MAX_NAMES} more" if len(largest) > MAX_NAMES else ""
    told = finding_text(what, packages=", ".join(largest[:MAX_NAMES]) + more)
    found = waste_finding(inputs, files, path or common_path(parts[largest[0]]), told)
    return replace(found, waste=replace(found.waste, packages=tuple(largest), count=len(largest)))
