"""What tools leave in homes and projects: it goes along where a program that reads it may start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

POETRY = (
    "FROM python:3.11-bookworm\nRUN pip install poetry==1.8.3\n"
    "WORKDIR /app\nCOPY pyproject.toml poetry.lock ./\n"
    "RUN poetry config virtualenvs.create false && poetry install --no-root\nCOPY . .\nCMD {0}\n"
)
TOX = (
    "FROM python:3.11-bookworm\nWORKDIR /app\nRUN pip install tox flask\n"
    "COPY . .\nRUN tox --notest\nCMD {0}\n"
)
CYPRESS = "FROM node:20-bookworm\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\nCMD {0}\n"
FILES: Mapping[str, str] = {
    "pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nflask = "3.0.0"\n',
    "poetry.lock": "",
    "tox.ini": "[testenv]\n",
    "a.py": "import flask\n",
    "a.js": "require('express')\n",
    "package.json": '{"dependencies": {"cypress": "13", "express": "4"}, "scripts": {"e2e": "cypress run"}}',
}


@pytest.mark.parametrize(
    ("file", "start", "part", "kept"),
    [
        pytest.param(POETRY, '["python", "a.py"]', "RUN poetry config", False, id="poetry-at-build-only"),
        pytest.param(POETRY, '["poetry", "run", "python", "a.py"]', "RUN poetry config", True, id="poetry"),
        pytest.param(TOX, '["python", "a.py"]', "/app/.tox", False, id="tox-at-build-only"),
        pytest.param(TOX, '["tox"]', "/app/.tox", True, id="tox"),
        pytest.param(TOX, '["reporter"]', "/app/.tox", True, id="tox-where-anything-may-start"),
        pytest.param(CYPRESS, '["node", "a.js"]', "/root/.cache/Cypress", False, id="cypress-at-build-only"),
        pytest.param(CYPRESS, '["npx", "cypress", "run"]', "/root/.cache/Cypress", True, id="cypress"),
        pytest.param(
            CYPRESS, '["npm", "run", "e2e"]', "/root/.cache/Cypress", True, id="cypress-by-a-script"
        ),
    ],
)
def test_state_of_tools(file: str, start: str, part: str, kept: bool, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    options = Options(dockerignore=False, min_saving=MinSaving(percent=0, bytes=0))
    outcome = pipeline.rewrite(file.format(start), tmp_path, options=options)
    final = (outcome.after or "").rpartition("FROM ")[2]
    assert outcome.rung == "slim", outcome.decisions
    assert (part in final) is kept, final
