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
    "arg-default-changed": 0.70,
    "artifact-deleted": 0.40,
    "base-no-such-tag": 0.00,
    "base-other-distribution": 0.55,
    "base-other-libc": 0.30,
    "base-other-release": 0.00,
    "base-static-only": 0.50,
    "base-with-own-packages": 0.00,
    "base-without-interpreter": 0.75,
    "base-without-shell": 0.70,
    "builder-command-dropped": 0.75,
    "builder-install-late": 0.30,
    "builder-order": 0.75,
    "builder-other-base": 0.65,
    "builder-output-renamed": 0.65,
    "builder-run-dropped": 0.75,
    "builder-step-added": 0.70,
    "builder-step-repeated": 0.75,
    "builder-variable": 0.00,
    "cd-to-builder-directory": 0.00,
    "check-dropped": 0.00,
    "cleaner-without-program": 0.00,
    "compiled-again-without-compiler": 0.00,
    "context-copy-narrowed": 0.25,
    "copy-from-dropped": 0.70,
    "copy-from-moved": 0.55,
    "copy-from-narrowed": 0.30,
    "copy-from-nowhere": 0.60,
    "copy-owner": 0.00,
    "entrypoint-changed": 0.75,
    "env-changed": 0.35,
    "env-dropped": 0.35,
    "failure-added": 0.00,
    "failure-ignored": 0.00,
    "final-command-dropped": 0.65,
    "final-run-dropped": 0.55,
    "heredoc-changed": 0.30,
    "install-dropped": 0.75,
    "mode-changed": 0.10,
    "mode-lost": 0.10,
    "mount-dropped": 0.00,
    "needed-cache-deleted": 0.65,
    "needed-dev-dependencies-pruned": 0.00,
    "needed-file-deleted": 0.50,
    "option-of-another-program": 0.00,
    "output-in-cache-mount": 0.00,
    "package-dropped": 0.75,
    "package-removed": 0.40,
    "package-swapped": 0.75,
    "platform-mixed": 0.00,
    "removed-too-early": 0.15,
    "removed-with-the-others": 0.50,
    "secret-in-image": 0.00,
    "step-added": 0.35,
    "step-before-its-files": 0.65,
    "user-not-made": 0.45,
    "user-too-early": 0.55,
    "workdir-after-use": 0.70,
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
