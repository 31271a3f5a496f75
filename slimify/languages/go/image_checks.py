"""What `verify` compares of images with a program of Go."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.verify.disk import imports
from slimify.verify.disk.evidence import Evidence
from slimify.verify.model import Check


def checks(evidence: Evidence) -> Iterator[Check]:
    """Nothing of its own: what sources import is in the program."""
    yield imports.no_imports("compiled in")
