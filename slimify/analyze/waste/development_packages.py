"""Finds packages that only development requires."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analyze.image_inputs import FindingText, ImageInputs, StoredFile, WasteFinding, waste_finding
from slimify.languages import languages

MAX_NAMES = 4  # packages that a message names


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """The findings of each language."""
    for known in languages() if inputs.sources_searchable else ():
        part = known.image_waste
        if part is not None:
            yield from part.development_packages(inputs)


def packages_finding(
    inputs: ImageInputs, files: Sequence[StoredFile], names: Mapping[str, str], path: str, what: FindingText
) -> WasteFinding:
    """A finding about files of packages in one layer. `names` are the package names by directory; the text of
    `what` has a placeholder for them."""
    sizes: dict[str, int] = {}
    for item in files:
        place = item.path
        while place not in names:
            place = posixpath.dirname(place)
        sizes[names[place]] = sizes.get(names[place], 0) + item.size
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    more = f" and {len(largest) - MAX_NAMES} more" if len(largest) > MAX_NAMES else ""
    what = replace(what, text=what.text.format(", ".join(largest[:MAX_NAMES]) + more))
    found = waste_finding(inputs, files, path, what)
    return replace(found, waste=replace(found.waste, packages=tuple(largest), count=len(largest)))
