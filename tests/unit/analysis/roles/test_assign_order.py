"""The fixed point: the order in which rules are applied does not matter."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from slimify.analysis import classify as phase
from slimify.analysis.roles.assign import RULES, assign_roles
from slimify.analysis.roles.model import Given, Roles
from slimify.config import Options
from slimify.context.scan import scan
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile.parser import parse

GOLDEN = sorted((Path(__file__).parents[4] / "golden").glob("*/input/Dockerfile"))


@pytest.fixture(scope="module")
def stages() -> list[tuple[Given, Roles]]:
    """What the rules are given in every golden case, and what they find."""
    found: list[tuple[Given, Roles]] = []

    def noted(given: Given) -> Roles:
        found.append((given, assign_roles(given)))
        return found[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phase, "assign_roles", noted)
        for path in GOLDEN:
            with contextlib.suppress(SlimifyError):  # no Dockerfile, or one of a template
                phase.classify(parse(path.read_bytes()), scan(path.parent), path.name, Options())
    return found


@pytest.mark.parametrize("seed", range(4))
def test_rules_in_any_order(stages: list[tuple[Given, Roles]], seed: int) -> None:
    rules = random.Random(seed).sample(RULES, len(RULES))
    assert len(stages) > 100
    assert [g.graph.visits for g, roles in stages if assign_roles(g, rules) != roles] == []
