"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from slimify.model.counts import counted


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2000, "byte", "2,000 bytes"),
        (2, "library", "2 libraries"),
    ],
)
def test_nouns_follow_their_number(number: int, noun: str, expected: str) -> None:
    assert counted(number, noun) == expected
