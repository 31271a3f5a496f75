"""The experts' files that `verify` is held against: every harmful change applies, and says what it breaks."""

from __future__ import annotations

import pytest
from tools.experts import Expert, experts


def test_there_are_twenty_with_a_hundred_changes_and_more() -> None:
    found = experts()
    assert len(found) == 20
    assert sum(len(expert.changes) for expert in found) == 102


@pytest.mark.parametrize("expert", experts(), ids=lambda expert: expert.name)
def test_every_change_applies(expert: Expert) -> None:
    texts = {expert.changed(change) for change in expert.changes}
    assert len(texts | {expert.text}) == len(expert.changes) + 1
    assert all(change.kind and change.why for change in expert.changes)
    assert (expert.context / "Dockerfile").is_file()
