"""What is said of large static files, and the lines that keep them out of the context on request."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slimify.analysis.advice.unused_context_files import Unread
from slimify.context.ignore_rules import Ignore
from slimify.model.decisions import Decision
from slimify.model.ignore_file import Asset, IgnoreFile

_MOST = 10  # are told one by one
_WHAT = {
    "ignore": "--exclude-assets keeps it out; object storage or a volume could hold it",
    "object storage": "object storage or a CDN would take it out of every image and container",
    "volume": "a volume or object storage would take it out of every image and container",
}


def patterns(assets: Iterable[Asset]) -> tuple[Unread, ...]:
    """A row of the ignore file for each asset that nothing names."""
    rows = (a.path.rstrip("/") for a in assets if a.action == "ignore")
    return tuple(Unread(pattern=p, title="static files that nothing names", paths=(p,)) for p in rows)


def marked(assets: Iterable[Asset], file: IgnoreFile | None) -> tuple[Asset, ...]:
    """The assets, those marked that the ignore file keeps out."""
    rules = Ignore.parse(file.after) if file is not None else Ignore()
    return tuple(replace(a, excluded=rules.ignores(a.path.rstrip("/"))) for a in assets)


def told(assets: tuple[Asset, ...]) -> tuple[Decision, ...]:
    """What is said of each, and of the rest together."""
    found = []
    for asset in assets[:_MOST]:
        what = f"{asset.path} ({asset.bytes / 1_000_000:.1f} MB)"
        if asset.excluded:
            found.append(
                Decision.of(
                    "SL361",
                    "excluded",
                    safety="assumed",
                    line=asset.line,
                    shown=what,
                    evidence=asset.evidence,
                )
            )
        else:
            text = f"{what}: {asset.evidence}; {_WHAT[asset.action]}"
            found.append(Decision.of("SL360", "said", safety="advice", line=asset.line, text=text))
    rest = assets[_MOST:]
    if rest:
        text = f"{len(rest)} more static files, {sum(a.bytes for a in rest) / 1_000_000:.0f} MB"
        found.append(Decision.of("SL360", "said", safety="advice", text=text))
    return tuple(found)
