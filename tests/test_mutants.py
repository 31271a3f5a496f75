"""The static validation rejects broken rewrites; `tests/tools/mutants.py` breaks them.

A sample: one mutant of every kind for every fifth golden case, and for those with uncommon instructions.
"""

from __future__ import annotations

from functools import cache

import pytest
from support import GOLDEN
from tools.mutants import KINDS, REQUIRED, Tally, run

_CASES = sorted(path.parent.name for path in GOLDEN.glob("*/case.toml"))
_UNCOMMON = ("all-arg", "all-heredoc", "all-secret", "go-heredoc", "go-user-volume", "multi-last")
_PREFIXES = (*_UNCOMMON, "node-user", "node-start", "own-")
_SAMPLE = [*(name for n, name in enumerate(_CASES) if n % 8 == 0), *_PREFIXES]

# What holds of kinds that are not yet rejected at the rate of the others. Only raise these.
_LOWER = {
    "builder-order": 0.90,
    "builder-output-renamed": 0.85,
    "builder-run-dropped": 0.90,
    "builder-variable": 0.85,
    "compiled-again-without-compiler": 0.00,
    "copy-from-dropped": 0.85,
    "copy-from-moved": 0.85,
    "copy-from-narrowed": 0.85,
    "copy-from-nowhere": 0.90,
    "entrypoint-changed": 0.90,
    "env-changed": 0.85,
    "final-command-dropped": 0.80,
    "final-run-dropped": 0.75,
    "heredoc-changed": 0.45,
    "mode-lost": 0.80,
    "needed-dev-dependencies-pruned": 0.10,
    "needed-file-deleted": 0.90,
    "package-removed": 0.80,
    "platform-mixed": 0.90,
    "secret-in-image": 0.90,
    "user-not-made": 0.60,
    "user-too-early": 0.70,
    "workdir-after-use": 0.90,
}


@cache
def _tally() -> Tally:
    return run(_SAMPLE, limit=1)


def test_accepts_what_slimify_writes() -> None:
    assert _tally().subjects >= 30
    assert _tally().rejected == []


@pytest.mark.parametrize("kind", KINDS)
def test_rejects_mutants(kind: str) -> None:
    assert _tally().rate(kind) >= _LOWER.get(kind, REQUIRED)


def test_kinds_that_are_listed_exist() -> None:
    assert set(_LOWER) <= set(KINDS)


def test_a_validation_that_accepts_everything_rejects_no_mutant() -> None:
    tally = run(["go-plain", "py-requirements"], limit=1, problems=lambda *_: ())
    assert tally.failed
    assert len(tally.mutants) > 80
    assert not any(mutant.caught for mutant in tally.mutants)
