"""Wildcard patterns: what they match, in linear time whatever they are."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import slowness

from slimify.config import concerns
from slimify.facts.basemap import BaseMap
from slimify.model import globs

PIECES = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", ".", "+"]), max_size=8).map("".join)
TEXTS = st.text("ab/.+", max_size=12)
NAMES = st.lists(st.sampled_from(["a", "b", "*", ".", "ab"]), max_size=7).map("".join)


@given(PIECES, TEXTS)
def test_the_same_as_a_regular_expression(pattern: str, text: str) -> None:
    tokens = globs.tokens(pattern)
    assert globs.matches(tokens, text) == (re.fullmatch("".join(tokens), text, re.DOTALL) is not None)


@given(NAMES, st.text("ab.", max_size=12))
def test_what_is_found_is_what_backtracking_finds(name: str, text: str) -> None:
    plain = "([^/]*?)".join(map(re.escape, name.split("*")))
    found = re.fullmatch(globs.finding(name, "([^/]*?)"), text)
    wanted = re.fullmatch(plain, text)
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert found.groups() == wanted.groups()


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "**a" * 30 + "b", "**/a*" * 30 + "b", "?*" * 30 + "b"])
def test_patterns_of_strangers_take_linear_time(pattern: str) -> None:
    start = time.process_time()
    for path in ("a" * 200, "a/" * 100 + "a"):
        assert not concerns(pattern, path)
    assert re.search(globs.finding(pattern, "[^/]{0,255}?"), "a" * 2000) is None
    assert BaseMap({pattern: pattern}).known("a" * 200) == "a" * 200
    assert time.process_time() - start < 5 * slowness()
