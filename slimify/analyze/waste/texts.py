"""Source control, documentation and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, by_layer, finding
from slimify.analyze.waste.stored import common
from slimify.facts import merged


def find(sight: Sight) -> Iterator[Found]:
    """A finding for each kind and layer; texts of licences stay where they are."""
    for row in merged("waste.toml")["texts"]:
        for layer, files in by_layer(_files(sight, row)).items():
            places = {
                place for place in _roots(sight, row) if any(f.path.startswith(f"{place}/") for f in files)
            }
            yield finding(
                sight,
                files,
                places.pop() if len(places) == 1 else common(files),
                Description(
                    code=row["code"],
                    kind="source-control",
                    text=f"{row['name'][0].upper()}{row['name'][1:]}: {row['why']}.",
                    remedy=row["remedy"],
                    safe=row.get("safe", False),
                ),
                layer=layer,
            )


def _roots(sight: Sight, row: Mapping[str, Any]) -> tuple[str, ...]:
    named = (path for name in row.get("names", ()) for path in sight.directories(name))
    return (*named, *(path for path in row.get("paths", ()) if sight.files.get(path)))


def _files(sight: Sight, row: Mapping[str, Any]) -> Iterator[Stored]:
    without = re.compile(row.get("without", r"(?!)"))
    for place in _roots(sight, row):
        yield from (item for item in sight.below(place) if not without.search(item.path))
    if patterns := row.get("patterns"):
        wanted = re.compile("|".join(patterns))
        yield from (item for item in sight.stored if wanted.search(item.path))
