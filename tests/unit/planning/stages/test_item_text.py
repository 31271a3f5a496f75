"""Commands that are added to a RUN of another instruction: only plain ones."""

from __future__ import annotations

import pytest

from slimify.model.plan import Item
from slimify.planning.stages.item_text import run_with_command


@pytest.mark.parametrize(
    ("run", "command", "expected"),
    [
        pytest.param("COPY a b", "c", None, id="no-run"),
        pytest.param('RUN ["a"]', "c", None, id="exec-form"),
        pytest.param("RUN a || b", "c", None, id="another-exit-code"),
        pytest.param("RUN cd x", "c", None, id="another-directory"),
        pytest.param("RUN <<EOF\na\nEOF", "c", None, id="behind-a-here-document"),
        pytest.param("RUN a", "<<EOF\nb\nEOF", None, id="a-here-document"),
        pytest.param("RUN a", "b; c", None, id="a-list-that-goes-on"),
        pytest.param("RUN a", "b", "RUN a \\\n    && b", id="plain"),
        pytest.param("# why\nRUN a", "b && c", "# why\nRUN a \\\n    && b && c", id="below-a-comment"),
    ],
)
def test_run_with_command(run: str, command: str, expected: str | None) -> None:
    found = run_with_command(Item(text=f"{run}\n"), command, "\n")
    assert (found.text.rstrip("\n") if found is not None else None) == expected
