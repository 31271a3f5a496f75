"""The passes over a stage that has its steps: what each changes."""

from __future__ import annotations

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import Context
from slimify.model.plan import Item
from slimify.planning.stages import passes
from slimify.syntax.dockerfile.parser import parse

FILE = (
    "FROM debian:12",
    "WORKDIR /app",
    "USER root",
    "RUN make",
    "WORKDIR /src",
    "USER app",
    "WORKDIR /app",
    "RUN apt-get update",
    "RUN apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
    "RUN one",
)
TAIL = "RUN prune"


@pytest.mark.parametrize(
    ("change", "lines", "expected"),
    [
        pytest.param(passes.with_tail_joined, [3], [FILE[3]], id="no tail"),
        pytest.param(passes.with_tail_joined, [1, TAIL], [FILE[1], TAIL], id="no RUN that it could extend"),
        pytest.param(
            passes.with_tail_joined, [3, TAIL, "USER a"], ["RUN make \\\n    && prune", "USER a"], id="tail"
        ),
        pytest.param(
            passes.without_repeated_workdirs, [1, 4, 6], [FILE[1], FILE[4], FILE[6]], id="it returns"
        ),
        pytest.param(passes.without_repeated_workdirs, [1, 6, 9], [FILE[1], FILE[9]], id="it never left"),
    ],
)
def test_what_a_pass_changes(change: object, lines: list[int | str], expected: list[str]) -> None:
    text = "\n".join((*FILE, ""))
    program = classify(parse(text.encode()), Context.empty(), "Dockerfile", Options(), None)
    items = [
        Item(text=FILE[x] + "\n", origin=x) if isinstance(x, int) else Item(text=x + "\n") for x in lines
    ]
    assert [item.text for item in change(program, items)] == [f"{x}\n" for x in expected]  # type: ignore[operator]
