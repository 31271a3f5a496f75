"""Decisions on large static files, and the ignore lines that exclude them on request."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slimify.analysis.advice.unused_context_files import UnusedPattern
from slimify.context.ignore_rules import IgnoreRules
from slimify.model.decisions import Decision
from slimify.model.ignore_file import Asset, IgnoreFile

_MAX_LISTED = 10  # assets with a decision of their own


def asset_rows(assets: Iterable[Asset]) -> tuple[UnusedPattern, ...]:
    """An ignore-file row for each asset that nothing refers to."""
    rows = (a.path.rstrip("/") for a in assets if a.action == "ignore")
    return tuple(UnusedPattern(pattern=p, title="static files that nothing names", paths=(p,)) for p in rows)


def with_exclusion_marks(assets: Iterable[Asset], file: IgnoreFile | None) -> tuple[Asset, ...]:
    """The assets, with a mark on those that the ignore file excludes."""
    rules = IgnoreRules.parse(file.after) if file is not None else IgnoreRules()
    return tuple(replace(a, excluded=rules.ignores(a.path.rstrip("/"))) for a in assets)


def asset_decisions(assets: tuple[Asset, ...]) -> tuple[Decision, ...]:
    """A decision for each of the largest assets, and one for the rest."""
    rest = assets[_MAX_LISTED:]
    found = [_asset_decision(asset) for asset in assets[:_MAX_LISTED]]
    if rest:
        size = sum(a.bytes for a in rest)
        found.append(Decision.of("SL360", "more", count=len(rest), size=size))
    return tuple(found)


def _asset_decision(asset: Asset) -> Decision:
    path, size, why = asset.path, asset.bytes, asset.evidence
    if asset.excluded:
        return Decision.of("SL361", "excluded", line=asset.line, path=path, size=size, evidence=why)
    if asset.action == "ignore":
        return Decision.of("SL360", "ignore", line=asset.line, path=path, size=size, evidence=why)
    if asset.action == "volume":
        return Decision.of("SL360", "volume", line=asset.line, path=path, size=size, evidence=why)
    return Decision.of("SL360", "object_storage", line=asset.line, path=path, size=size, evidence=why)
