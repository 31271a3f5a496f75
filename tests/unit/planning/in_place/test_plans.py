"""A cleaner whose file is not valid leaves the others alone: each case is what validation is made to reject,
and what is cleaned all the same."""

from __future__ import annotations

import pytest

from slimify import pipeline
from slimify.config import Options
from slimify.model.decisions import Reason

FILE = """FROM python:3.12-slim
WORKDIR /app
RUN apt-get update && apt-get install -y libpq5
RUN pip install --user flask
COPY . .
CMD ["python", "app.py"]
"""
LISTS, CACHE = "rm -rf /var/lib/apt/lists/*", "--no-cache-dir"


@pytest.mark.parametrize(
    ("rejected", "left"),
    [
        pytest.param((LISTS, CACHE), (), id="both-fail"),
        pytest.param((), (LISTS, CACHE), id="none-fails"),
        pytest.param((LISTS,), (CACHE,), id="lists-fail"),
        pytest.param((CACHE,), (LISTS,), id="caches-fail"),
    ],
)
def test_what_fails_is_left_out(
    rejected: tuple[str, ...], left: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Reason.of("SL409", "order")

    def problems(_program: object, _plan: object, text: str, *_: object) -> tuple[Reason, ...]:
        return (problem,) if any(word in text for word in rejected) else ()

    monkeypatch.setattr("slimify.validation.validate.problems", problems)
    outcome = pipeline.rewrite(FILE, name="-", options=Options(single_stage=True))
    after = outcome.after if outcome.kind == "rewritten" else ""
    assert tuple(word for word in (LISTS, CACHE) if word in (after or "")) == left
