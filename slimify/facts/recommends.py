"""Packages that apt installs only because others recommend them, from recommends.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slimify.facts import load


def recommended_packages(names: Iterable[str], suite: str | None) -> Mapping[str, int] | None:
    """The recommended packages of `names` in a Debian release, with their sizes in bytes; None if one of
    `names` is unknown."""
    table = load("recommends.json").get(suite or "", {})
    rows, sizes = table.get("brings", {}), table.get("kilobytes", {})
    wanted = tuple(names)
    if any(name not in rows for name in wanted):
        return None
    return {other: 1_000 * sizes[other] for name in wanted for other in rows[name].split()}
