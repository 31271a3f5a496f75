"""Packages that apt installs beside others, which depend on them or recommend them, from recommends.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slimify.facts import load
from slimify.facts.debian import nearest_suite, older_name, typelibs


def recommended_packages(names: Iterable[str], suite: str | None) -> Mapping[str, int] | None:
    """The recommended packages of `names` in the Debian release with tables that is nearest, with their sizes
    in bytes; None if one of `names` is unknown there."""
    table = load("recommends.json").get(nearest_suite(suite) or "", {})
    rows, sizes = table.get("brings", {}), table.get("kilobytes", {})
    wanted = tuple(names)
    if any(name not in rows for name in wanted):
        return None
    return {other: 1_000 * sizes[other] for name in wanted for other in rows[name].split()}


def brought_along(name: str, suite: str | None, *, recommended: bool) -> frozenset[str]:
    """The packages known to slimify that apt installs beside a package on a slim image of the nearest Debian
    release with tables, without or with those that are only recommended; none for an unknown package."""
    table = load("recommends.json").get(nearest_suite(suite) or "", {})
    rows = [
        table.get(kind, {}).get(name, "") for kind in ("depends", *(("recommends",) if recommended else ()))
    ]
    return frozenset((*(older_name(one, suite) for one in " ".join(rows).split()), *typelibs(name, suite)))
