"""Comparisons of two images with a Go program, for `verify`."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.verify.disk import imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def image_checks(evidence: Evidence) -> Iterator[Check]:
    """None: imports are compiled into the program."""
    yield imports.no_imports("compiled in")
