"""The static check judges a rewrite as it will be built: with the values that the user gives to ARG."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import Context
from slimify.model.plan import Item, Plan, Stage
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.validation.validate import problems

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


SEVERAL = """FROM python:3.12 AS base
RUN pip install flask
FROM base AS test
RUN pip install pytest
FROM python:3.12 AS image
COPY --from=base /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
CMD ["python", "-m", "flask", "run"]
"""


@pytest.mark.parametrize(
    ("old", "new", "stage"),
    [
        pytest.param("", "", "", id="unchanged"),
        pytest.param("3.12 AS image", "3.12-slim AS image", "", id="another base for the image"),
        pytest.param("FROM base AS test\nRUN pip install pytest\n", "", "test", id="a stage is gone"),
        pytest.param("install pytest", "install pytest tox", "test", id="a step of another stage"),
        pytest.param("AS test", "AS tests", "test", id="the name of another stage"),
        pytest.param("3.12 AS base", "3.12-slim AS base", "base", id="the base of another stage"),
        pytest.param(" AS image", "", "image", id="the image has no name any more"),
    ],
)
def test_other_stages_are_left_as_they_are(old: str, new: str, stage: str) -> None:
    file = parse(encode(SEVERAL))
    program = classify(file, Context.empty(), "Dockerfile", Options())
    text = SEVERAL.replace(old, new, 1) if old else SEVERAL
    stages = tuple(
        Stage(name="", base="", purpose="run", items=(Item(text=f"FROM {part}"),))
        for part in text.split("FROM ")[1:]
    )
    found = problems(program, Plan(rung="slim", language="python", stages=stages), text, file)
    changes = [r.get("stage") for r in found if (r.code, r.form) == ("SL409", "stage_changes")]
    assert changes == ([stage] if stage else []) or (stage in changes and not new)
