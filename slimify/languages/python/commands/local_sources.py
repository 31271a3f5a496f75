"""Local packages that Python manifests name."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.model.regex import regex
from slimify.semantics.effects.local_sources import paths_in

_INCLUDED = regex(r"(?m)^[ \t]*(?:-r|--requirement)[ \t=]+([^\s#]+)")


def named_paths(manifest: str, text: str) -> Iterable[str]:
    return paths_in(text)


def included_manifests(manifest: str, text: str) -> Iterable[str]:
    return _INCLUDED.findall(text)
