"""`verify` against Dockerfiles that an expert wrote: none breaks anything, and harmful changes of them do.

These experts and changes stand for those of `python tests/tools/experts.py --harmful`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tools.experts import Expert, experts, rows

from slimify.engine.containers import Engine
from slimify.engine.detect import detect

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.ci]

# The changes that are tried, by position in case.toml: files show some, only behaviour the others.
SHARE = {"go-guestbook": (0, 1), "node-prices": (0, 1), "py-heartbeat": (0, 2)}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with detect() as found:
        yield found
    assert found.leftovers == ()


@pytest.mark.parametrize("expert", experts(tuple(SHARE)), ids=lambda expert: expert.name)
def test_an_expert_breaks_nothing_and_a_harmful_change_does(engine: Engine, expert: Expert) -> None:
    changes = [expert.changes[position] for position in SHARE[expert.name]]
    found = list(rows(engine, expert, changes))
    assert [(row.change, row.proof.problem, sorted(row.broken)) for row in found if not row.right] == []
