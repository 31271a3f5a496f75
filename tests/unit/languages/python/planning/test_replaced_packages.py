"""Which of the base image's own Python packages make way in the final stage, and when none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

PLAIN = """FROM python:3.11
WORKDIR /app
RUN pip install requests
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY app.py ./
CMD ["python", "app.py"]
"""
POETRY = """FROM python:3.11
WORKDIR /app
RUN pip install poetry && poetry config virtualenvs.create false
COPY pyproject.toml poetry.lock ./
RUN poetry install --no-root
COPY app.py ./
CMD ["python", "app.py"]
"""
LOCK = (
    '[[package]]\nname = "setuptools"\nversion = "75.8.0"\n\n[[package]]\nname = "flask"\nversion = "3.0.0"\n'
)


def instead(install: str, image: str = "python:3.11") -> str:
    return PLAIN.replace("pip install requests", install).replace("python:3.11", image)


@dataclass(frozen=True, kw_only=True)
class Row:
    """`away`: what is uninstalled in the final stage."""

    id: str
    file: str = PLAIN
    away: str = ""
    requirements: str = "flask\n"
    files: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)


ROWS = (
    Row(id="nothing of the base is named"),
    Row(id="named as it is", file=instead("pip install setuptools")),
    Row(id="a word that is like it", file=instead("pip install -U pip-tools setuptools-scm==8")),
    Row(id="listed as it is", requirements="flask\nsetuptools\n"),
    Row(id="into another directory", file=instead("pip install -U --target /app/lib pip")),
    Row(id="a base of other packages", file=instead("pip install -U setuptools wheel", "python:3.12")),
    Row(
        id="pip runs in the final stage",
        file=instead("pip install -U pip").replace("RUN", "# slimify: keep\nRUN", 1),
    ),
    Row(
        id="the final stage removes files itself",
        file=instead(
            "rm -r /usr/local/lib/python3.11/site-packages/setuptools* && pip install setuptools==75.8"
        ),
    ),
    Row(id="upgraded", file=instead("pip install --upgrade pip"), away="pip"),
    Row(id="upgraded with short options", file=instead("pip install -qU wheel pip"), away="pip wheel"),
    Row(id="by the interpreter", file=instead("python -m pip install -U setuptools"), away="setuptools"),
    Row(id="another release", file=instead("pip install 'setuptools<60'"), away="setuptools"),
    Row(id="anew", file=instead("pip install --force-reinstall setuptools"), away="setuptools"),
    Row(id="of a base without the rest", file=instead("pip install -U pip wheel", "python:3.12"), away="pip"),
    Row(id="taken out", file=instead("pip uninstall -y setuptools"), away="setuptools"),
    Row(id="listed with a version", requirements="flask\nSetuptools==75.8.0\n", away="setuptools"),
    Row(
        id="listed and upgraded",
        file=PLAIN.replace("install -r", "install -U -r"),
        requirements="wheel\n",
        away="wheel",
    ),
    Row(id="to be kept", away="setuptools", options=Options(keep_packages=("setuptools",))),
    Row(
        id="locked",
        file=POETRY,
        files={"pyproject.toml": '[tool.poetry]\nname = "x"\n', "poetry.lock": LOCK},
        away="setuptools",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_makes_way(row: Row, tmp_path: Path) -> None:
    for name, text in {"app.py": "import flask\n", "requirements.txt": row.requirements, **row.files}.items():
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(row.file.encode(), name="Dockerfile", context=tmp_path, options=row.options)
    assert outcome.kind == "rewritten"
    final = (outcome.after or "").rpartition("\nFROM ")[2]
    found = [line.removeprefix("RUN pip uninstall -y ") for line in final.splitlines() if "uninstall" in line]
    assert found == ([row.away] if row.away else []), outcome.after
    assert ("SL348" in {decision.code for decision in outcome.decisions}) is bool(row.away)
