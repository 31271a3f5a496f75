"""What findings that overlap add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slimify.analyze.image_inputs import Claim


def avoidable(claims: Iterable[Claim], sizes: Mapping[tuple[str, int], int]) -> int:
    """Bytes that at least one finding is about. `sizes` are those of the files, by path and layer.

    Of two findings about parts of one file, the larger part counts: parts may be the same bytes.
    """
    most: dict[tuple[str, int], int] = {}
    for path, layer, count in claims:
        key = path, layer
        most[key] = max(most.get(key, 0), min(count, sizes.get(key, count)))
    return sum(most.values())
