"""The layout of a Dockerfile is that of the built-in template, which templates of users include."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slimify.model.plan import Item, Plan, Stage
from slimify.render import render
from slimify.syntax.dockerfile.parser import parse

_ITEMS = st.lists(
    st.builds(
        Item,
        text=st.sampled_from(["FROM a\n", "# one\n\nRUN b  \n", 'CMD ["{{ c }}"]', "\tRUN <&d\r\n"]),
        spaced=st.booleans(),
        gap=st.sampled_from(["", "  \n", "\n\n"]),
    ),
    min_size=1,
    max_size=4,
)
_STAGES = st.lists(
    st.builds(Stage, name=st.just("a"), base=st.just("b"), purpose=st.just("run"), items=_ITEMS.map(tuple)),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("text", [b"FROM a\n", b"FROM a", b"FROM a\r\n"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stages=_STAGES)
def test_the_layout_is_that_of_the_template(text: bytes, stages: list[Stage], tmp_path: Path) -> None:
    plan, file = Plan(rung="slim", language="go", stages=tuple(stages)), parse(text, "Dockerfile")
    assert render(plan, file) == render(plan, file, templates=str(tmp_path))
