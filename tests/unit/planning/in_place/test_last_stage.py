"""The last stage of a plan is cleaned as a file in place is: nothing is left for a second run."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.model.outcome import Outcome, Rewritten, Unchanged

EVERYTHING = Options(min_saving=MinSaving(percent=0, bytes=0), dockerignore=False)
PACKAGE = (
    '{"scripts": {"build": "tsc"}, "dependencies": {"express": "4"},'
    ' "devDependencies": {"typescript": "5", "webpack": "5", "jest": "29"}}'
)
SOURCES = {"package.json": PACKAGE, "a.ts": "import express from 'express'\n", "b.sh": "true\n"}
BUILD = "COPY package.json ./\nRUN npm install\nCOPY . .\nRUN npm run build\n"
START = 'CMD ["node", "dist/a.js"]\n'


def rewritten(text: str, context: Path) -> Outcome:
    return pipeline.rewrite(text, context, options=EVERYTHING)


@pytest.mark.parametrize(
    ("base", "before", "after", "line"),
    [
        pytest.param("node:20-alpine", "", "", None, id="no-RUN"),
        pytest.param(
            "node:20-alpine", "RUN apk add --no-cache tini", "RUN apk add --no-cache tini", None, id="clean"
        ),
        pytest.param(
            "node:20-slim",
            "RUN apt-get update && apt-get install -y tini\nRUN ./prepare",
            "RUN apt-get update && apt-get install -y tini\nRUN ./prepare",
            None,
            id="an-unknown-step-may-read-the-lists",
        ),
        pytest.param(
            "node:20-alpine",
            "RUN apk update && apk add tini",
            "RUN apk add --no-cache tini",
            2,
            id="an-index",
        ),
        pytest.param(
            "node:20-alpine",
            "# starts the server\nRUN apk update && apk add tini",
            "# starts the server\nRUN apk add --no-cache tini",
            3,
            id="a-comment",
        ),
    ],
)
def test_last_stage(base: str, before: str, after: str, line: int | None, tmp_path: Path) -> None:
    for name, content in SOURCES.items():
        (tmp_path / name).write_text(content)
    text = f"FROM {base}\n" + f"{before}\nWORKDIR /app\n".lstrip() + BUILD + START
    outcome = rewritten(text, tmp_path)
    assert outcome.after is not None
    last = outcome.after.rpartition("\nFROM ")[2]
    assert last.startswith(f"{base}\n" + f"{after}\nWORKDIR /app\n".lstrip()), last
    assert [d.line for d in outcome.decisions if d.code == "SL314"] == ([line] if line else [])
    assert rewritten(outcome.after, tmp_path).kind == "unchanged"


REJECTED = """FROM python:3.11 AS packages
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.11
WORKDIR /opt/tool
COPY --from=packages /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY . .
RUN apt-get update && apt-get install -y jq
RUN chgrp -R 0 /opt/tool && chmod -R g=u /opt/tool
RUN chown -R 1001:0 /opt/tool
RUN mkdir -p /opt/tool/state && chown -R 1001:0 /opt/tool/state
USER 1001
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        pytest.param(REJECTED.replace("RUN chown -R 1001:0 /opt/tool\n", ""), False, id="no owner"),
        pytest.param(
            REJECTED.replace("RUN chgrp -R 0 /opt/tool && chmod -R g=u /opt/tool\n", ""), True, id="all"
        ),
        pytest.param(REJECTED, False, id="all but owners, which validation rejects"),
    ],
)
def test_cleaners_of_a_last_stage_that_are_valid(text: str, owner: bool, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask==3.0.3\n")
    (tmp_path / "app.py").write_text("import subprocess\nsubprocess.run(['jq', '.'])\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    first = rewritten(text, tmp_path)
    assert isinstance(first, Rewritten)
    assert "jq && rm -rf /var/lib/apt/lists/*" in first.after
    assert ("COPY --chown=1001:0 . ." in first.after) == owner
    assert isinstance(rewritten(first.after, tmp_path), Unchanged)
