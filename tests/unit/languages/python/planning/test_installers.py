"""Installers in site-packages: when pip takes them out before the directory is copied."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

LOCK = json.dumps({"default": {"flask": {"version": "==3.0.0"}}, "develop": {}})
PIPENV: Mapping[str, str] = {
    "Pipfile": '[packages]\nflask = "*"\n',
    "Pipfile.lock": LOCK,
    "app.py": "import flask\n",
}
LOCKED = """FROM python:3.11
RUN pip install pipenv
COPY Pipfile Pipfile.lock ./
RUN pipenv install --system --deploy
COPY . .
CMD ["python", "app.py"]
"""
UV = """FROM python:3.11
RUN python3 -m pip install -q uv
COPY requirements.txt .
RUN uv pip install --system -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """`taken`: the command at the end of the builder, "" where nothing is taken out."""

    id: str
    file: str
    taken: str = ""
    files: Mapping[str, str] = field(default_factory=lambda: PIPENV)


ROWS = (
    Row(id="started", file=LOCKED.replace('["python"', '["pipenv", "run", "python"')),
    Row(id="called-by-source", file=LOCKED, files={**PIPENV, "app.py": "import flask, subprocess\nsubprocess.run(['pipenv', 'lock'])\n"}),
    Row(id="imported", file=LOCKED, files={**PIPENV, "app.py": "import flask, pipenv\n"}),
    Row(id="locked-for-run-time", file=LOCKED, files={**PIPENV, "Pipfile.lock": LOCK.replace('"flask"', '"pipenv"')}),
    Row(id="called-in-final-stage", file=LOCKED.replace("CMD", "RUN pipenv run python manage.py collectstatic\nCMD")),
    Row(id="other-user", file=LOCKED.replace("COPY Pipfile ", "USER 1000\nCOPY Pipfile ")),
    Row(id="wanted-by-another", file=UV, files={"requirements.txt": "prefect\n", "app.py": "import prefect\n"}),
    Row(id="locked", file=LOCKED, taken="&& pip uninstall -y pipenv virtualenv distlib"),
    Row(id="companion-locked", file=LOCKED, taken="&& pip uninstall -y pipenv distlib", files={**PIPENV, "Pipfile.lock": LOCK.replace('"flask"', '"virtualenv"')}),
    Row(id="companion-imported", file=LOCKED, taken="&& pip uninstall -y pipenv virtualenv", files={**PIPENV, "app.py": "import flask, distlib\n"}),
    Row(id="beside-what-no-lock-names", file=LOCKED.replace("pip install pipenv", "pip install pipenv gevent"), taken="&& pip uninstall -y pipenv"),
    Row(id="uv", file=UV, taken="&& python3 -m pip uninstall -y uv", files={"requirements.txt": "flask\n", "app.py": "import flask\n"}),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_installers(row: Row, tmp_path: Path) -> None:
    for name, text in row.files.items():
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(row.file.encode(), name="Dockerfile", context=tmp_path, options=Options())
    builder, _, final = (outcome.after or "").rpartition("\nFROM ")
    taken = [line.strip() for line in builder.splitlines() if "uninstall" in line]
    assert taken == ([row.taken] if row.taken else []), outcome.after
    assert "uninstall" not in final
    assert ("SL347" in {d.code for d in outcome.decisions}) == bool(row.taken)
