"""Installed packages of an image, by their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slimify.context.values import json_of
from slimify.model.regex import regex

if TYPE_CHECKING:
    from slimify.verify.disk.evidence import Side

_INSTALLED = regex(r"/node_modules/(?:@[^/]+/)?[^/@]+/package\.json")
_OWNER = regex(r"\A.*/node_modules/(?:@[^/]+/)?[^/@]+(?=/)")


def is_manifest(path: str) -> bool:
    """Whether a file is the manifest of an installed package, or may be that of an application. (Packages
    have further package.json files that only set the module type.)"""
    if not path.endswith("/package.json"):
        return False
    return "/node_modules/" not in path or _INSTALLED.search(path, path.rindex("/node_modules/")) is not None


def installed_release(side: Side, path: str) -> str:
    """The release of the installed package that a file belongs to; "" if unknown."""
    package = _OWNER.match(path)
    text = side.image.contents.get(f"{package[0]}/package.json") if package else None
    manifest = json_of(text)
    return str(manifest.get("version", "")) if isinstance(manifest, dict) else ""
