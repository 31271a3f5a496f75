"""Version strings as comparable numbers."""

from __future__ import annotations

import re


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version or release, in order: `3.20` is (3, 20). Empty if there are none."""
    return tuple(int(number) for number in re.findall(r"\d+", text))
