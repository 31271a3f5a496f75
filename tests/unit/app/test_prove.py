"""What a proof requires of the measured sizes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from slimify.app.prove import _prove_outcome
from slimify.config import MinSaving, Options
from slimify.model.outcome import Rewritten
from slimify.model.plan import Rung
from slimify.verify.model import Proof, Sizes
from slimify.verify.session import Session

GB = 10**9


class _Session:
    """Measures an image of a gigabyte."""

    def prove(self, *_: Any) -> Proof:
        sizes = Sizes(disk=GB, compressed=GB)
        return Proof(file="Dockerfile", verdict="equal", before=sizes, after=sizes)


@pytest.mark.parametrize(
    ("rung", "saving", "least"),
    [
        ("same-base", MinSaving(), GB // 20),
        ("cleanup", MinSaving(), 5_000_000),
        ("cleanup", MinSaving(percent=1, bytes=0), GB // 100),
    ],
)
def test_least_saving(rung: Rung, saving: MinSaving, least: int) -> None:
    outcome = Rewritten(file="Dockerfile", after="FROM scratch\n", rung=rung)
    session = cast("Session", _Session())
    assert _prove_outcome(session, outcome, Options(min_saving=saving)).min_saving == least
