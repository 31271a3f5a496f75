"""Marks of paths answer what comparing every pair would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.semantics.paths import PathMarks, PathNumbers, covers, inside, overlap

PATHS = st.lists(st.sampled_from(("a", "b", "ab", "a.b")), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.lists(st.tuples(PATHS, st.integers(0, 9))), PATHS)
def test_the_same_as_pair_by_pair(noted: list[tuple[str, int]], path: str) -> None:
    marks = PathMarks()
    for other, mark in noted:
        marks.note(other, mark)
    assert marks.containing(path) == max((m for p, m in noted if inside(path, p)), default=-1)
    assert marks.below(path) == max((m for p, m in noted if inside(p, path)), default=-1)
    assert marks.overlapping(path) == max((m for p, m in noted if overlap(p, path)), default=-1)


def test_a_slash_at_the_end_and_names_that_are_no_paths() -> None:
    marks = PathMarks(("/a/", "@site-packages"))
    assert marks.containing("/a/b") == marks.below("/a") == marks.containing("@site-packages") == 0
    assert marks.containing("/ab") == marks.below("@") == marks.overlapping("/b") == -1


@given(st.lists(PATHS), PATHS)
def test_numbers_of_paths_that_touch(noted: list[str], path: str) -> None:
    numbers = PathNumbers()
    for number, other in enumerate((*noted, "/*/c")):
        numbers.note(other, number)
    assert numbers.touching(path) == {len(noted), *(n for n, p in enumerate(noted) if overlap(p, path))}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/*", "/a", False),
        ("/a/*", "/b/c", False),
        ("/a/*.js", "/a/b.ts", False),
        ("/a", "/ab", False),
        ("/a", "/a/b", True),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", True),
        ("/*/b", "/a/b", True),
        ("/a/[b]", "/a/[b]", True),
    ],
)
def test_what_a_pattern_covers(pattern: str, path: str, expected: bool) -> None:
    assert covers(pattern, path) is expected
