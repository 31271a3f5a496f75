"""What `verify` compares of images with a program of Python's: what sources import, and what is installed."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.languages.python.verify import distributions, imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def checks(evidence: Evidence) -> Iterator[Check]:
    yield imports.check(evidence)
    yield imports.extension_libraries(evidence)
    yield distributions.check(evidence)
