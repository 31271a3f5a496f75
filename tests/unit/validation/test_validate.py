"""The static check judges a rewrite as it will be built: with the values that the user gives to ARG."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

FILE = """\
ARG VERSION=3.11
FROM python:${VERSION}
ARG GREETING=hello
ENV GREETING=$GREETING
WORKDIR /srv/$GREETING
COPY requirements.txt .
RUN pip install -r requirements.txt
LABEL greeting="$GREETING"
CMD ["python", "-m", "flask", "run"]
"""


@pytest.mark.parametrize(
    "given", [{}, {"GREETING": "hallo"}, {"VERSION": "3.12"}, {"VERSION": "3.12", "GREETING": "x"}], ids=str
)
def test_a_value_of_the_users_is_no_change(given: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n")
    options = Options(build_args=given)
    outcome = pipeline.rewrite(FILE.encode(), name="Dockerfile", context=tmp_path, options=options)
    assert (outcome.kind, outcome.rung) == ("rewritten", "slim")
    assert 'LABEL greeting="$GREETING"' in (outcome.after or "")
