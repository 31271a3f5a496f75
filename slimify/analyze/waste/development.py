"""Packages that only developing needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, finding
from slimify.languages import languages

NAMED = 4  # packages that the sentence names


def find(sight: Sight) -> Iterator[Found]:
    """What each language finds of its own."""
    for known in languages() if sight.readable else ():
        part = known.image_waste
        if part is not None:
            yield from part.development(sight)


def packages_finding(
    sight: Sight, files: Sequence[Stored], names: Mapping[str, str], path: str, what: Description
) -> Found:
    """A finding about files of packages in one layer. `names` are those of the packages by the directories
    that they lie in; the text of `what` has a place for them."""
    sizes: dict[str, int] = {}
    for item in files:
        place = item.path
        while place not in names:
            place = posixpath.dirname(place)
        sizes[names[place]] = sizes.get(names[place], 0) + item.size
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    more = f" and {len(largest) - NAMED} more" if len(largest) > NAMED else ""
    what = replace(what, text=what.text.format(", ".join(largest[:NAMED]) + more))
    found = finding(sight, files, path, what)
    return replace(found, waste=replace(found.waste, packages=tuple(largest), count=len(largest)))
