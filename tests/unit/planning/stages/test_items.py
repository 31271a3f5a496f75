"""Items of a stage."""

from __future__ import annotations

import pytest

from slimify.planning.stages.items import separate_instructions


@pytest.mark.parametrize(
    ("text", "escape", "expected"),
    [
        pytest.param("RUN a\n", "\\", ["RUN a\n"], id="one"),
        pytest.param("COPY a b\ncopy c d\n", "\\", ["COPY a b\n", "copy c d\n"], id="several"),
        pytest.param("RUN a \\\n  && b\nCOPY a b\n", "\\", ["RUN a \\\n  && b\n", "COPY a b\n"], id="lines"),
        pytest.param("RUN a `\n  && b\n", "`", ["RUN a `\n  && b\n"], id="escape"),
        pytest.param("RUN <<E\nCOPY a b\nE\n", "\\", ["RUN <<E\nCOPY a b\nE\n"], id="here-document"),
    ],
)
def test_separate_instructions(text: str, escape: str, expected: list[str]) -> None:
    assert separate_instructions(text, escape) == expected
