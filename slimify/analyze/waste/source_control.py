"""Finds source control data, documentation and tests."""

from __future__ import annotations

import re
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
from slimify.analyze.waste.duplicates import common_path
from slimify.facts import merged


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """One finding for each kind and layer. Licence texts are not reported."""
    for row in merged("waste.toml")["texts"]:
        for layer, files in by_layer(_files(inputs, row)).items():
            places = {
                place for place in _roots(inputs, row) if any(f.path.startswith(f"{place}/") for f in files)
            }
            yield waste_finding(
                inputs,
                files,
                places.pop() if len(places) == 1 else common_path(files),
                FindingText(
                    code=row["code"],
                    kind="source-control",
                    text=f"{row['name'][0].upper()}{row['name'][1:]}: {row['why']}.",
                    remedy=row["remedy"],
                    safe=row.get("safe", False),
                ),
                layer=layer,
            )


def _roots(inputs: ImageInputs, row: Mapping[str, Any]) -> tuple[str, ...]:
    named = (path for name in row.get("names", ()) for path in inputs.directories_named(name))
    return (*named, *(path for path in row.get("paths", ()) if inputs.files.get(path)))


def _files(inputs: ImageInputs, row: Mapping[str, Any]) -> Iterator[StoredFile]:
    without = re.compile(row.get("without", r"(?!)"))
    for place in _roots(inputs, row):
        yield from (item for item in inputs.files_below(place) if not without.search(item.path))
    if patterns := row.get("patterns"):
        wanted = re.compile("|".join(patterns))
        yield from (item for item in inputs.stored if wanted.search(item.path))
