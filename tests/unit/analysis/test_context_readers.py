"""What indicates a reader of the repository's history."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.analysis.context_readers import history_readers


@pytest.mark.parametrize("row", history_readers(), ids=lambda row: row["signs"].split()[0])
def test_what_a_pattern_matches_has_one_of_its_signs(row: dict[str, str]) -> None:
    """A text without a sign is not searched."""

    @settings(max_examples=30, deadline=None)
    @given(st.from_regex(re.compile(row["pattern"], re.MULTILINE)))
    def has_a_sign(text: str) -> None:
        assert any(sign in text for sign in row["signs"].split())

    has_a_sign()
