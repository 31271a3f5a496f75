"""The static validation rejects broken rewrites; `tests/tools/mutants.py` breaks them.

A sample: one mutant of every kind for every fifth golden case, and for those with uncommon instructions.
"""

from __future__ import annotations

from functools import cache

import pytest
from support import GOLDEN
from tools.mutants import KINDS, REQUIRED, Tally, run

_CASES = sorted(path.parent.name for path in GOLDEN.glob("*/case.toml"))
_UNCOMMON = ("all-arg", "all-heredoc", "all-secret", "go-heredoc", "go-user-volume", "multi-")
_PREFIXES = (*_UNCOMMON, "node-user", "node-start", "own-")
_SAMPLE = [*(name for n, name in enumerate(_CASES) if n % 8 == 0), *_PREFIXES]


@cache
def _tally() -> Tally:
    return run(_SAMPLE, limit=1)


def test_accepts_what_slimify_writes() -> None:
    assert _tally().subjects >= 30
    assert _tally().rejected == []


@pytest.mark.parametrize("kind", KINDS)
def test_rejects_mutants(kind: str) -> None:
    assert _tally().rate(kind) >= REQUIRED


def test_a_validation_that_accepts_everything_rejects_no_mutant() -> None:
    tally = run(["go-plain", "py-requirements"], limit=1, problems=lambda *_: ())
    assert tally.failed
    assert len(tally.mutants) > 80
    assert not any(mutant.caught for mutant in tally.mutants)
