"""The user's blank lines: a diff shows none of them as changed where the steps around them stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.report.diff import diff

FILE = (
    "FROM python:3.12{0}WORKDIR /app{0}COPY requirements.txt ./{0}RUN pip install -r requirements.txt{0}"
    "COPY app.py ./{0}"
)


@pytest.mark.parametrize(
    "gap",
    ["\n", "\n\n", "\n\n\n", "\n  \t\n", "\r\n\r\n\r\n"],
    ids=["none", "one", "two", "of blanks", "CRLF"],
)
def test_they_stay(gap: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text("import flask\n")
    text = FILE.format(gap) + 'CMD ["python", "app.py"]' + ("\r\n" if "\r" in gap else "\n")
    outcome = pipeline.rewrite(text.encode(), tmp_path)
    assert outcome.kind == "rewritten"
    removed = [line for line in diff(outcome).splitlines() if line[:1] == "-" and not line[1:].strip()]
    assert removed == []
