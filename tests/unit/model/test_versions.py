"""Versions become numbers that can be compared."""

from __future__ import annotations

import pytest

from slimify.model.versions import version_numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", (), id="none"),
        pytest.param("latest", (), id="no-number"),
        pytest.param("2.38", (2, 38), id="release"),
        pytest.param("v3.20.0-r1", (3, 20, 0, 1), id="with-letters"),
    ],
)
def test_numbers(text: str, expected: tuple[int, ...]) -> None:
    assert version_numbers(text) == expected
