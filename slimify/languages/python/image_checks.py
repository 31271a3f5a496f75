"""Comparisons of two images with a Python program, for `verify`: imports of sources, and installed
packages."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.languages.python.verify import distributions, imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def image_checks(evidence: Evidence) -> Iterator[Check]:
    yield imports.check(evidence)
    yield imports.extension_libraries(evidence)
    yield distributions.check(evidence)
