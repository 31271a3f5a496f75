"""All findings of an image, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from slimify.analyze.image_inputs import Found, Sight
from slimify.analyze.waste import (
    caches,
    debug,
    development,
    installed,
    secrets,
    static,
    stored,
    texts,
    toolchains,
)
from slimify.facts import load

_SEARCHES: Final[tuple[Callable[[Sight], Iterator[Found]], ...]] = (
    caches.find,
    toolchains.find,
    installed.find,
    development.find,
    stored.find,
    texts.find,
    static.find,
    debug.find,
    secrets.find,
)
_DETAILS: Final = frozenset({"duplicate", "debug", "source-control", "static", "unused"})


def search(sight: Sight) -> tuple[Found, ...]:
    """What every search finds, without what is too small to be worth a line (facts/waste.toml, floors),
    and without what is wrong with files that had better not be there at all."""
    floors = load("waste.toml")["floors"]
    found = [item for look in _SEARCHES for item in look(sight)]
    whole = [item for item in found if item.waste.kind in ("cache", "toolchain")]
    gone = {(claim.path, claim.layer) for item in whole for claim in item.claims}
    found += stored.equal(sight, gone)
    kept = [
        item
        for item in found
        if item.waste.bytes >= floors.get(item.waste.code, floors[item.waste.kind])
        and (item.waste.kind not in _DETAILS or _bytes_outside(item, gone) >= floors[item.waste.kind])
    ]
    return tuple(sorted(kept, key=lambda item: (-item.waste.bytes, item.waste.path, item.waste.layer)))


def _bytes_outside(item: Found, gone: set[tuple[str, int]]) -> int:
    return sum(claim.bytes for claim in item.claims if (claim.path, claim.layer) not in gone)
