"""Versions as numbers that can be compared."""

from __future__ import annotations

import re


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version or a release, in their order: `3.20` is (3, 20); () where there are none."""
    return tuple(int(number) for number in re.findall(r"\d+", text))
