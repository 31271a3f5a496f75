"""What an install reads, so that it can come before the other sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import NOTHING, rewrite

from slimify.config import Options

ALONE = Options(single_stage=True, min_saving=NOTHING)

_PRISMA = {"prisma/schema.prisma": "generator client {}\n"}


@pytest.mark.parametrize(
    ("names", "files", "step", "first"),
    [
        pytest.param("express", _PRISMA, "node -v", True, id="nothing-else"),
        pytest.param("@prisma/client", {}, "node -v", True, id="no-schema"),
        pytest.param("@prisma/client", _PRISMA, "npx prisma generate", True, id="step-that-reads-it"),
        pytest.param("@prisma/client", _PRISMA, "node -v", False, id="schema"),
    ],
)
def test_packages_that_read_sources(
    tmp_path: Path, names: str, files: dict[str, str], step: str, first: bool
) -> None:
    """Prisma's client is generated from the schema when it is installed."""
    text = f'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN {step}\nCMD ["node", "a.js"]\n'
    package = {"dependencies": {names: "5", "prisma": "5"}}
    outcome = rewrite(
        tmp_path,
        text,
        package,
        {"package-lock.json": "{}", "a.js": "", ".dockerignore": "node_modules", **files},
        ALONE,
    )
    assert ("SL354" in {d.code for d in outcome.decisions}) is first, outcome.after
