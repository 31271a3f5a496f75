"""Commands added at the end of a RUN."""

from __future__ import annotations

import pytest

from slimify.syntax.shell.append import joined, with_commands
from slimify.syntax.shell.script import EditRefused


@pytest.mark.parametrize(
    ("text", "commands", "after"),
    [
        pytest.param("RUN a", (), "RUN a", id="nothing"),
        pytest.param("RUN a", ("b",), "RUN a && b", id="one"),
        pytest.param("RUN a; b", ("c d", "e"), "RUN a; b && c d && e", id="several"),
        pytest.param("RUN a && b;", ("c",), "RUN a && b && c", id="semicolon"),
        pytest.param("RUN a ; ", ("c;", "d"), "RUN a && c && d", id="semicolon behind a blank"),
        pytest.param("RUN a && \\\n b;\n", ("c",), "RUN a && \\\n b && c", id="semicolon on a later line"),
        pytest.param(r"RUN find / -exec rm {} \;", ("c",), r"RUN find / -exec rm {} \; && c", id="of find"),
        pytest.param("RUN echo ';'", ("c",), "RUN echo ';' && c", id="quoted"),
        pytest.param("RUN a # why", ("b",), "RUN a && b # why", id="comment"),
        pytest.param("RUN a; # why", ("b",), "RUN a && b # why", id="semicolon and comment"),
        pytest.param("RUN a", ("b # why",), "RUN a && b # why", id="comment of the added one"),
        pytest.param("RUN if a; then b; fi", ("c",), "RUN if a; then b; fi && c", id="compound"),
        pytest.param("RUN a > f", ("c",), "RUN a > f && c", id="redirection"),
        pytest.param(
            "RUN --mount=type=cache,target=/c a;",
            ("c",),
            "RUN --mount=type=cache,target=/c a && c",
            id="flag",
        ),
    ],
)
def test_joined(text: str, commands: tuple[str, ...], after: str) -> None:
    assert joined(text, commands, " && ") == after


@pytest.mark.parametrize(
    ("text", "command"),
    [
        pytest.param("RUN a &&", "b", id="open end"),
        pytest.param("RUN a &", "b", id="background"),
        pytest.param("RUN a # why", "b # too", id="two comments"),
        pytest.param("RUN a", "'b", id="open quote"),
        pytest.param("RUN", "b", id="no command"),
        pytest.param("COPY a b", "b", id="no RUN"),
    ],
)
def test_refused(text: str, command: str) -> None:
    with pytest.raises(EditRefused):
        joined(text, (command,), " && ")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        pytest.param("RUN a", None, id="one line"),
        pytest.param("RUN a \\\n  && b", "RUN a \\\n  && b \\\n  && c", id="operator first"),
        pytest.param("RUN a && \\\n  b;", "RUN a && \\\n  b && \\\n  c", id="operator last"),
    ],
)
def test_layout(text: str, after: str | None) -> None:
    assert with_commands(text, ("c",), "\n") == after
