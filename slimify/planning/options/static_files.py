"""What is said of large static files, and the lines that keep them out of the context on request."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slimify.analysis.advice.unused_context_files import UnusedPattern
from slimify.context.ignore_rules import IgnoreRules
from slimify.model.decisions import Decision
from slimify.model.ignore_file import Asset, IgnoreFile

_MOST = 10  # are told one by one


def patterns(assets: Iterable[Asset]) -> tuple[UnusedPattern, ...]:
    """A row of the ignore file for each asset that nothing names."""
    rows = (a.path.rstrip("/") for a in assets if a.action == "ignore")
    return tuple(UnusedPattern(pattern=p, title="static files that nothing names", paths=(p,)) for p in rows)


def marked(assets: Iterable[Asset], file: IgnoreFile | None) -> tuple[Asset, ...]:
    """The assets, those marked that the ignore file keeps out."""
    rules = IgnoreRules.parse(file.after) if file is not None else IgnoreRules()
    return tuple(replace(a, excluded=rules.ignores(a.path.rstrip("/"))) for a in assets)


def told(assets: tuple[Asset, ...]) -> tuple[Decision, ...]:
    """What is said of each, and of the rest together."""
    rest = assets[_MOST:]
    found = [_said(asset) for asset in assets[:_MOST]]
    if rest:
        size = sum(a.bytes for a in rest)
        found.append(Decision.of("SL360", "more", safety="advice", count=len(rest), size=size))
    return tuple(found)


def _said(asset: Asset) -> Decision:
    path, size, why = asset.path, asset.bytes, asset.evidence
    if asset.excluded:
        return Decision.of(
            "SL361", "excluded", safety="assumed", line=asset.line, path=path, size=size, evidence=why
        )
    if asset.action == "ignore":
        return Decision.of(
            "SL360", "ignore", safety="advice", line=asset.line, path=path, size=size, evidence=why
        )
    if asset.action == "volume":
        return Decision.of(
            "SL360", "volume", safety="advice", line=asset.line, path=path, size=size, evidence=why
        )
    return Decision.of(
        "SL360", "object_storage", safety="advice", line=asset.line, path=path, size=size, evidence=why
    )
