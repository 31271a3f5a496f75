"""Where a COPY puts its sources, in the working directory and among the directories before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.scan import scan
from slimify.semantics.context_files import ContextView
from slimify.semantics.copies import read_copy
from slimify.semantics.effects.state import State
from slimify.syntax.dockerfile.parser import parse


@pytest.mark.parametrize(
    ("text", "cwd", "expected"),
    [
        pytest.param("COPY a.txt x", None, None, id="unknown-directory"),
        pytest.param("COPY a.txt x", "/w", ("/w/x",), id="file-renamed"),
        pytest.param("COPY a.txt .", "/w", ("/w/a.txt",), id="file-into-dot"),
        pytest.param("COPY ./lib/ x", "/w", ("/w/x",), id="directory"),
        pytest.param("COPY a.txt /app/lib", "/w", ("/app/lib/a.txt",), id="file-into-a-copied-directory"),
        pytest.param("COPY --from=build /a.txt ./", "/w", ("/w",), id="of-a-stage"),
    ],
)
def test_targets(text: str, cwd: str | None, expected: tuple[str, ...] | None, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("a.txt", "lib/b.txt"):
        (tmp_path / name).write_text(name)
    view = ContextView(context=scan(tmp_path)).with_copy(["."], "/app")
    copy = read_copy(
        parse(f"FROM scratch\n{text}\n".encode(), "Dockerfile").instructions[1], State(cwd=cwd, view=view)
    )
    assert copy.targets == expected
