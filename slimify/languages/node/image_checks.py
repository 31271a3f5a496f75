"""Comparisons of two images with a Node.js program, for `verify`: imports of sources, and demands of
manifests."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.languages.node.verify import demands, imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def image_checks(evidence: Evidence) -> Iterator[Check]:
    yield imports.check(evidence)
    yield demands.check(evidence)
