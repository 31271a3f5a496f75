"""Lines that fit a terminal."""

from __future__ import annotations

import pytest

from slimify.report.ansi import Paint, fit


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, ""),
        ("one two", 10, "one two"),
        ("averyveryverylongword\n", 10, "averyveryverylongword\n"),
        ("one two three four\n", 10, "one two\n  three\n  four\n"),
        ("  one two three\n", 10, "  one two\n    three\n"),
        ("12  SL301  slim base\n", 16, "12  SL301  slim\n  base\n"),
        ("a\n\none two three", 10, "a\n\none two\n  three"),
    ],
)
def test_fit(text: str, width: int, expected: str) -> None:
    assert fit(text, width) == expected


def test_colours_take_no_room() -> None:
    bold = Paint(on=True)("one two", "bold")
    assert fit(f"{bold} x\n", 10) == f"{bold} x\n"
