"""Packages beside the project that package.json and settings of package managers name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from slimify.semantics.effects.local_sources import paths_in

_PACKAGE = re.compile(r'"(?:file|link|portal):([^"]+)"')


def named(manifest: str, text: str) -> Iterable[str]:
    return _PACKAGE.findall(text) if manifest.endswith("/package.json") else paths_in(text)


def included(manifest: str, text: str) -> Iterable[str]:
    return ()
