"""Packages beside the project that Python's manifests name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from slimify.semantics.effects.local_sources import paths_in

_INCLUDED = re.compile(r"(?m)^[ \t]*(?:-r|--requirement)[ \t=]+([^\s#]+)")


def named(manifest: str, text: str) -> Iterable[str]:
    return paths_in(text)


def included(manifest: str, text: str) -> Iterable[str]:
    return _INCLUDED.findall(text)
