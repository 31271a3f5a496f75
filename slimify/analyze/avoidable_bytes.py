"""Adds up findings that overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slimify.analyze.image_inputs import FileBytes


def avoidable_bytes(claims: Iterable[FileBytes], sizes: Mapping[tuple[str, int], int]) -> int:
    """The bytes that at least one finding counts. `sizes` are the sizes of files by path and layer.

    Of two findings about parts of the same file, the larger part counts, since the parts may overlap.
    """
    most: dict[tuple[str, int], int] = {}
    for path, layer, count in claims:
        key = path, layer
        most[key] = max(most.get(key, 0), min(count, sizes.get(key, count)))
    return sum(most.values())
