"""When the Python packages of the final base are removed before the builder's are copied."""

# ruff: noqa: E501 - a row is a line

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
PROJECT = '[tool.poetry]\nname = "x"\n'


def instead(install: str, image: str = "python:3.11") -> str:
    return PLAIN.replace("pip install requests", install).replace("python:3.11", image)


@dataclass(frozen=True, kw_only=True)
class Row:
    id: str
    file: str = PLAIN
    replaced: bool = True
    requirements: str = "flask\n"
    files: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)


def locked(*names: str) -> str:
    return "".join(f'[[package]]\nname = "{name}"\nversion = "1.0"\n\n' for name in names)


HASHED = "frobnicate==1.0 --hash=sha256:aa\n"
DOWNLOADED = POETRY.replace("pip install poetry && ", "")  # no step installs packages that no lock names

ROWS = (
    Row(id="known packages", replaced=False),
    Row(id="named as it is", file=instead("pip install setuptools"), replaced=False),
    Row(id="listed as it is", requirements="flask\nsetuptools\n", replaced=False),
    Row(id="unknown ones on a base with pip alone", file=instead("pip install frobnicate", "python:3.12"), replaced=False),
    Row(id="a base of other packages", file=instead("pip install -U setuptools wheel", "python:3.12"), replaced=False),
    Row(id="into another directory", file=instead("pip install -U --target /app/lib pip"), replaced=False),
    Row(id="no requirements", file=instead("pip install --no-deps frobnicate"), replaced=False),
    Row(id="hashes", requirements=HASHED, replaced=False),
    Row(id="a lock", file=DOWNLOADED, files={"pyproject.toml": PROJECT, "poetry.lock": locked("flask")}, replaced=False),
    Row(id="pip runs in the final stage", file=instead("pip install -U pip").replace("RUN", "# slimify: keep\nRUN", 1), replaced=False),
    Row(id="the final stage removes files itself", file=instead("rm -r /usr/local/lib/python3.11/site-packages/setuptools* && pip install setuptools==75.8"), replaced=False),
    Row(id="an unknown one", file=instead("pip install frobnicate")),
    Row(id="an unknown one in a list", requirements="flask\nfrobnicate\n"),
    Row(id="a list that is not there", file=PLAIN.replace("-r requirements.txt", "-r more.txt")),
    Row(id="hashes and another one", file=instead("pip install frobnicate"), requirements=HASHED),
    Row(id="a project", file=PLAIN.replace("-r requirements.txt", "."), files={"pyproject.toml": PROJECT}),
    Row(id="no lock", file=DOWNLOADED, files={"pyproject.toml": PROJECT}),
    Row(id="locked", file=DOWNLOADED, files={"pyproject.toml": PROJECT, "poetry.lock": locked("setuptools", "flask")}),
    Row(id="an installer beside a lock", file=POETRY, files={"pyproject.toml": PROJECT, "poetry.lock": locked("flask")}),
    Row(id="upgraded", file=instead("pip install --upgrade pip", "python:3.12")),
    Row(id="upgraded with short options", file=instead("pip install -qU wheel pip")),
    Row(id="by the interpreter", file=instead("python -m pip install -U setuptools")),
    Row(id="another release", file=instead("pip install 'setuptools<60'")),
    Row(id="anew", file=instead("pip install --force-reinstall setuptools")),
    Row(id="taken out", file=instead("pip uninstall -y setuptools")),
    Row(id="listed with a version", requirements="flask\nSetuptools==75.8.0\n"),
    Row(id="listed and upgraded", file=PLAIN.replace("install -r", "install -U -r"), requirements="wheel\n"),
    Row(id="to be kept", options=Options(keep_packages=("setuptools",))),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_is_replaced(row: Row, tmp_path: Path) -> None:
    for name, text in {"app.py": "import flask\n", "requirements.txt": row.requirements, **row.files}.items():
        (tmp_path / name).write_text(text)
    outcome = pipeline.rewrite(row.file.encode(), name="Dockerfile", context=tmp_path, options=row.options)
    assert outcome.kind == "rewritten"
    final = (outcome.after or "").rpartition("\nFROM ")[2].splitlines()
    copied = next(n for n, line in enumerate(final) if "COPY --from=builder /usr/local/lib/python" in line)
    site = final[copied].split()[-1]
    assert (final[copied - 1] == f"RUN rm -rf {site}") is row.replaced, outcome.after
    assert ("SL348" in {decision.code for decision in outcome.decisions}) is row.replaced
