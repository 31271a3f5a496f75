"""A Dockerfile of a Python program and what has to hold of its rewrite, for the tables of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.model.outcome import Outcome

FLASK: Mapping[str, str] = {"requirements.txt": "flask==3.0.0\n", "app.py": "import flask\n"}
SITE = "COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages"
VENV = "COPY --from=builder /opt/venv /opt/venv"
INSTALL = ("COPY requirements.txt .", "RUN pip install -r requirements.txt", "COPY app.py .")
START = 'CMD ["python", "app.py"]'
# What cleaning in place saves has to reach 5 % here, so that the rows show what stages can do.
STAGES = Options(min_saving=MinSaving(percent=5, bytes=5_000_001))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile and what has to hold. `final` and `builder`: lines in a stage; `never`: text in none of
    the final stage's lines; `reason`: words of one of the decisions."""

    id: str
    file: str
    files: Mapping[str, str] = field(default_factory=lambda: FLASK)
    kind: str = "rewritten"
    rung: str = "slim"
    builder: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    reason: str = ""


def lines(*text: str) -> str:
    return "\n".join(text) + "\n"


def holds(row: Row, directory: Path) -> None:
    """Rewrites the file, and fails where anything of the row does not hold, or where the final stage says
    something twice."""
    outcome = _rewritten(row, directory)
    text = outcome.after or ""
    assert (outcome.kind, outcome.rung) == (row.kind, row.rung), (text, outcome.decisions)
    head, _, tail = text.rpartition("\nFROM ")
    builder = head.splitlines()
    assert set(row.builder) <= set(builder), text
    assert [line for line in row.final if f"\n{line}\n" not in f"\n{tail or text}\n"] == [], text
    assert [word for word in row.never if word in tail] == [], text
    assert any(row.reason in decision.text for decision in outcome.decisions) or not row.reason, (
        outcome.decisions
    )
    final = [line for line in tail.splitlines() if line.startswith(("COPY", "RUN", "ENV"))]
    assert len(final) == len(set(final)), text


def _rewritten(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    (directory / "Dockerfile").write_text(row.file)
    return pipeline.rewrite(row.file.encode(), name="Dockerfile", context=directory, options=STAGES)
