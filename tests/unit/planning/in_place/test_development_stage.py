"""Development dependencies in a stage from which the last one copies packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import NOTHING, rewrite

from slimify.config import Options

_FIRST = "FROM node:20-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm install\nRUN npm run build\n\n"
_LAST = 'FROM node:20-slim\nWORKDIR /app\nCOPY --from=build /app ./\nCMD ["node", "dist/a.js"]\n'
_PRUNE = "RUN npm prune --omit=dev"
_PARTS = "/app/node_modules ./node_modules\nCOPY --from=build /app/dist dist"
_START = 'CMD ["node", "dist/a.js"]\n'
_CHAIN = (
    "FROM node:20-slim AS deps\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n\n"
    "FROM node:20-slim AS build\nWORKDIR /app\nCOPY --from=deps /app/node_modules ./node_modules\nCOPY . .\n"
    f"RUN npm run build\n\n{_LAST}"
)
_BASE = "FROM node:20-slim AS base\nWORKDIR /app\nRUN apt-get update && apt-get install -y openssl\n\n"
_SHARED = _BASE + (_FIRST + _LAST).replace("FROM node:20-slim", "FROM base")
_DEPENDENCIES = (
    "FROM node:20-slim AS build\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n\n"
    "FROM node:20-slim\nWORKDIR /app\nCOPY src src\nCOPY --from=build /app/node_modules ./node_modules\n"
    'CMD ["node", "src/a.ts"]\n'
)


@pytest.mark.parametrize(
    ("text", "source", "pruned"),
    [
        pytest.param(_FIRST + _LAST, "import 'express'", True, id="whole-project"),
        pytest.param(_FIRST + _LAST.replace("/app ./", _PARTS), "", True, id="packages"),
        pytest.param(_FIRST + _LAST.replace("/app ./", "/app/dist dist"), "", False, id="only-output"),
        pytest.param(_FIRST + _LAST, "import 'nock'", False, id="imported"),
        pytest.param(_FIRST + _LAST, "use('nock')", False, id="named"),
        pytest.param(_FIRST.replace("\n\n", "\nUSER node\n\n") + _LAST, "", False, id="another-user"),
        pytest.param(_CHAIN, "", True, id="packages-that-a-copy-brings"),
        pytest.param(_CHAIN.replace("COPY . .", "COPY . .\nRUN npm install"), "", False, id="mixed"),
        pytest.param(_SHARED, "", True, id="shared-base"),
        pytest.param(_SHARED, "use('nock')", False, id="shared-base-and-named"),
        pytest.param(
            _SHARED.replace("CMD", "RUN npm run check\nCMD"), "", False, id="shared-base-used-later"
        ),
        pytest.param(_DEPENDENCIES, "use('other')", True, id="packages-of-a-stage-of-their-own"),
        pytest.param(_DEPENDENCIES, "use('nock')", False, id="named-by-a-source-of-another-stage"),
        pytest.param(_FIRST + _LAST.replace(_START, ""), "", False, id="unknown-start"),
        pytest.param(_FIRST + _LAST.replace("CMD", "RUN npm run check\nCMD"), "", False, id="used-later"),
        pytest.param(
            _FIRST.replace("RUN npm run", f"{_PRUNE}\nRUN npm run") + _LAST,
            "",
            False,
            id="done",
        ),
        pytest.param(_FIRST.replace(" AS build", "") + _LAST.replace("build", "0"), "", True, id="no-name"),
        pytest.param(
            _FIRST.replace(" AS build", "") + "FROM alpine AS builder\n\n" + _LAST.replace("build", "0"),
            "",
            False,
            id="no-name-left",
        ),
        pytest.param(_FIRST + "FROM build AS production\n\n" + _LAST, "", True, id="name-taken"),
        pytest.param(
            _FIRST + "FROM build AS output\n\n" + _LAST.replace("from=build", "from=output"),
            "",
            True,
            id="a-stage-without-steps",
        ),
    ],
)
def test_stage_without_development_dependencies(tmp_path: Path, text: str, source: str, pruned: bool) -> None:
    package = {
        "scripts": {"build": "tsc", "check": "tsc"},
        "dependencies": {"express": "4"},
        "devDependencies": {"typescript": "5", "nock": "13"},
    }
    outcome = rewrite(tmp_path, text, package, {"src/a.ts": source}, Options(min_saving=NOTHING))
    after = outcome.after or ""
    assert (f"{_PRUNE} --no-package-lock\n" in after) is pruned, outcome.decisions
    first = text[: text.index("\n\n")]
    named = first.replace("FROM node:20-slim\n", "FROM node:20-slim AS builder\n", 1)
    assert after.startswith((first, named)) or not pruned  # it may be asked for by its name
