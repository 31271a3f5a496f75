"""Local packages that package.json and package manager settings refer to."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.model.regex import regex
from slimify.semantics.effects.local_sources import paths_in

_PACKAGE = regex(r'"(?:file|link|portal):([^"]+)"')


def named_paths(manifest: str, text: str) -> Iterable[str]:
    return _PACKAGE.findall(text) if manifest.endswith("/package.json") else paths_in(text)


def included_manifests(manifest: str, text: str) -> Iterable[str]:
    return ()
