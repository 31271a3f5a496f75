"""What `verify` compares of images with a program of Node's: what sources import, what manifests demand."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.languages.node.verify import demands, imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def checks(evidence: Evidence) -> Iterator[Check]:
    yield imports.check(evidence)
    yield demands.check(evidence)
