"""All findings of an image, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from slimify.analyze.sight import Found, Sight
from slimify.analyze.waste import caches
from slimify.facts import load

_SEARCHES: Final[tuple[Callable[[Sight], Iterator[Found]], ...]] = (caches.find,)


def search(sight: Sight) -> tuple[Found, ...]:
    """What every search finds, without what is too small to be worth a line (facts/waste.toml, floors)."""
    floors = load("waste.toml")["floors"]
    found = [item for look in _SEARCHES for item in look(sight)]
    kept = [
        item for item in found if item.waste.bytes >= floors.get(item.waste.code, floors[item.waste.kind])
    ]
    return tuple(sorted(kept, key=lambda item: (-item.waste.bytes, item.waste.path, item.waste.layer)))
