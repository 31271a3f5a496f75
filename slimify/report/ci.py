"""Reports of `slimify ci`, as text and JSON."""

from __future__ import annotations

import json

from slimify.model.outcome import Outcome
from slimify.report.ansi import Paint
from slimify.report.diff import diff
from slimify.report.text import PLAIN, WIDTH, decisions, name_of


def text(outcome: Outcome, done: str, *, width: int = WIDTH, paint: Paint = PLAIN) -> str:
    """The decisions about a CI file. `done` describes the change, for example "changed"."""
    lines = [f"{name_of(outcome.file)}: {done}"] if outcome.after is not None else []
    lines += decisions(outcome.decisions, width, paint)
    return "\n".join(lines) + "\n"


def to_json(outcome: Outcome, shown: str) -> str:
    """A JSON object. `content` is the new CI file, null if unchanged; `step` is to be added by hand."""
    document = {
        "schema": 1,
        "file": outcome.file,
        "outcome": outcome.kind,
        "decisions": [{"code": d.code, "text": d.text, "line": d.line} for d in outcome.decisions],
        "content": outcome.after,
        "step": shown if outcome.after is None and shown else None,
        "diff": diff(outcome),
    }
    return json.dumps(document)
