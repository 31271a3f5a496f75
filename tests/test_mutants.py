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
_SAMPLE = [*(name for n, name in enumerate(_CASES) if n % 6 == 0), *_PREFIXES]

# What holds of kinds that are not yet rejected at the rate of the others. Only raise these.
_LOWER = {
    "archive-not-unpacked": 0.00,
    "arg-default-changed": 0.15,
    "arg-dropped": 0.20,
    "arg-moved-down": 0.20,
    "artifact-deleted": 0.00,
    "base-no-such-tag": 0.00,
    "base-other-distribution": 0.30,
    "base-other-libc": 0.15,
    "base-other-release": 0.00,
    "base-static-only": 0.45,
    "base-with-own-packages": 0.00,
    "base-without-interpreter": 0.55,
    "base-without-shell": 0.65,
    "builder-command-dropped": 0.00,
    "builder-env-dropped": 0.00,
    "builder-install-late": 0.00,
    "builder-order": 0.45,
    "builder-other-base": 0.00,
    "builder-output-renamed": 0.00,
    "builder-package-dropped": 0.00,
    "builder-run-dropped": 0.00,
    "builder-step-added": 0.00,
    "builder-step-repeated": 0.60,
    "builder-variable": 0.00,
    "builder-workdir-dropped": 0.00,
    "cd-to-builder-directory": 0.00,
    "check-dropped": 0.00,
    "cleaner-without-program": 0.00,
    "compiled-again-without-compiler": 0.00,
    "context-copy-dropped": 0.00,
    "context-copy-moved": 0.00,
    "context-copy-narrowed": 0.00,
    "copy-flattened": 0.00,
    "copy-from-dropped": 0.00,
    "copy-from-moved": 0.00,
    "copy-from-narrowed": 0.00,
    "copy-from-nowhere": 0.40,
    "copy-from-other-stage": 0.00,
    "copy-of-ignored-file": 0.00,
    "copy-of-no-file": 0.00,
    "copy-owner": 0.00,
    "env-after-use": 0.10,
    "env-changed": 0.45,
    "env-dropped": 0.60,
    "failure-added": 0.00,
    "failure-ignored": 0.00,
    "final-command-dropped": 0.35,
    "final-run-dropped": 0.40,
    "heredoc-changed": 0.00,
    "install-asks": 0.00,
    "install-dropped": 0.00,
    "install-scripts-ignored": 0.00,
    "mode-changed": 0.00,
    "mode-lost": 0.00,
    "needed-cache-deleted": 0.00,
    "needed-dev-dependencies-pruned": 0.00,
    "needed-file-deleted": 0.00,
    "no-package-lists": 0.00,
    "onbuild-changed": 0.00,
    "option-of-another-program": 0.00,
    "output-in-cache-mount": 0.00,
    "package-dropped": 0.00,
    "package-removed": 0.00,
    "package-swapped": 0.00,
    "platform-mixed": 0.00,
    "removed-too-early": 0.00,
    "run-does-not-parse": 0.00,
    "secret-in-image": 0.00,
    "stage-renamed": 0.00,
    "step-added": 0.20,
    "step-before-its-files": 0.50,
    "user-not-made": 0.25,
    "user-renumbered": 0.00,
    "user-too-early": 0.35,
    "workdir-after-use": 0.35,
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
