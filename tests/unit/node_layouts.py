"""A Dockerfile of a Node project and its rewrite, for the tables of the tests."""

from __future__ import annotations

import json
from pathlib import Path

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.model.outcome import Outcome

# What cleaning in place saves has to reach 5 % here, so that the rows show what stages can do.
_DEFAULT = Options(min_saving=MinSaving(percent=5, bytes=5_000_001))
NOTHING = MinSaving(percent=0, bytes=0)
DEV = {"devDependencies": {"typescript": "5", "ts-node": "10", "jest": "29", "nock": "13"}}
BUILD = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nRUN npm run build\n"


def rewrite(
    tmp_path: Path,
    text: str,
    package: dict[str, object],
    files: dict[str, str],
    options: Options = _DEFAULT,
) -> Outcome:
    (tmp_path / "package.json").write_text(json.dumps(package))
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return pipeline.rewrite(text.encode(), name="Dockerfile", context=tmp_path, options=options)


def final(outcome: Outcome) -> str:
    assert outcome.after is not None, outcome.decisions
    return outcome.after.rpartition("FROM ")[2]
