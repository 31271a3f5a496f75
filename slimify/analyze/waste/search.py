"""Runs all searches for waste in an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from slimify.analyze.image_inputs import ImageInputs, WasteFinding
from slimify.analyze.waste import (
    caches,
    debug_symbols,
    development_packages,
    duplicates,
    secrets,
    source_control,
    static_files,
    system_packages,
    toolchains,
)
from slimify.facts import load

_SEARCHES: Final[tuple[Callable[[ImageInputs], Iterator[WasteFinding]], ...]] = (
    caches.find,
    toolchains.find,
    system_packages.find,
    development_packages.find,
    duplicates.find,
    source_control.find,
    static_files.find,
    debug_symbols.find,
    secrets.find,
)
_DETAILS: Final = frozenset({"duplicate", "debug", "source-control", "static", "unused"})


def find_waste(inputs: ImageInputs) -> tuple[WasteFinding, ...]:
    """All findings, the largest first. Findings below the floors in facts/waste.toml are dropped, and so are
    details about files that another finding removes entirely."""
    floors = load("waste.toml")["floors"]
    found = [item for look in _SEARCHES for item in look(inputs)]
    whole = [item for item in found if item.waste.kind in ("cache", "toolchain")]
    gone = {(claim.path, claim.layer) for item in whole for claim in item.claims}
    found += duplicates.equal_files(inputs, gone)
    kept = [
        item
        for item in found
        if item.waste.bytes >= floors.get(item.waste.code, floors[item.waste.kind])
        and (item.waste.kind not in _DETAILS or _bytes_outside(item, gone) >= floors[item.waste.kind])
    ]
    return tuple(sorted(kept, key=lambda item: (-item.waste.bytes, item.waste.path, item.waste.layer)))


def _bytes_outside(item: WasteFinding, gone: set[tuple[str, int]]) -> int:
    return sum(claim.bytes for claim in item.claims if (claim.path, claim.layer) not in gone)
