"""The stage that the repository deploys: what the outcome says of each line, and what `verify` builds."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.app import prove
from slimify.config import Options

FILE = """FROM node:20 AS production
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["node", "dist/index.js"]

FROM production AS test
RUN npm test
"""
FLY = 'app = "a"\n[build]\n  build-target = "production"\n'
PACKAGE = (
    '{"scripts": {"build": "tsc"}, "dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}'
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in {"Dockerfile": FILE, "fly.toml": FLY, "package.json": PACKAGE, "a.ts": ""}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_each_line_has_one_verdict(repository: Path) -> None:
    outcome = pipeline.rewrite(
        FILE, name=str(repository / "Dockerfile"), context=repository, options=Options()
    )
    assert outcome.built_stage == "production"
    told = [verdict.instruction.raw.rstrip() for verdict in outcome.instructions]
    assert told == [line for line in FILE.splitlines() if line]


@pytest.mark.parametrize(("given", "built"), [("", "production"), ("test", "test")])
def test_verify_builds_that_stage(
    given: str, built: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets: list[str] = []

    def request(*_: object, build: prove.BuildOptions, **__: object) -> None:
        targets.append(build.target)
        raise StopIteration

    monkeypatch.setattr("slimify.verify.proof_request.proof_request", request)
    monkeypatch.setattr("slimify.engine.detect.detect", lambda _: nullcontext())
    proving = prove.ProofOptions()
    proving = prove.replace(proving, build=prove.replace(proving.build, target=given))
    prove.prove_job(
        prove.target_of(repository / "Dockerfile"), repository, {}, proving, prove.silent_listeners()
    )
    assert targets == [built]
