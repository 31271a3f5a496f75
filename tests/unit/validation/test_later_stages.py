"""Stages behind the deployed one stay what they were: two files, and whether they do."""

from __future__ import annotations

import pytest

from slimify.syntax.dockerfile.parser import parse
from slimify.validation.later_stages import later_stage_problems

OLD = "FROM alpine AS a\nRUN one\nFROM a AS b\nRUN two\nCOPY --from=a /x /y\n"
FULL = "FROM alpine AS full\nRUN one\nFROM alpine AS a\n"
CASES = {
    "the-same": (OLD, True),
    "under-another-name": (f"{FULL}FROM full AS b\nRUN two\nCOPY --from=full /x /y\n", True),
    "by-its-number": (f"{FULL}FROM full AS b\nRUN two\nCOPY --from=0 /x /y\n", True),
    "it-starts-from-the-new-one": (f"{FULL}FROM a AS b\nRUN two\nCOPY --from=full /x /y\n", False),
    "it-copies-from-the-new-one": (f"{FULL}FROM full AS b\nRUN two\nCOPY --from=a /x /y\n", False),
    "another-number": (f"{FULL}FROM full AS b\nRUN two\nCOPY --from=1 /x /y\n", False),
    "another-step-before": (OLD.replace("one", "three"), False),
    "another-name": (OLD.replace("AS b", "AS c"), False),
    "it-is-gone": ("FROM alpine AS a\nRUN one\n", False),
    "another-mount": (f"{OLD}RUN --mount=type=bind,from=a,target=/z three\n", False),
}


@pytest.mark.parametrize(("new", "same"), CASES.values(), ids=CASES)
def test_later_stages(new: str, same: bool) -> None:
    assert (not list(later_stage_problems(parse(OLD.encode()), parse(new.encode()), "a"))) == same
