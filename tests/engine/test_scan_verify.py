"""`slimify scan --verify`: measured rows, rows of what does not build, and none built twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.engine]

LABEL = uuid.uuid4().hex
DOCKERFILE = f"""\
FROM python:3.11
LABEL proof={LABEL}
WORKDIR /app
COPY app.py .
CMD ["python", "app.py"]
"""
BROKEN = DOCKERFILE.replace("COPY", "RUN pip install --no-index no-such-package\nCOPY")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    for name, text in (("shop", DOCKERFILE), ("broken", BROKEN), ("small", "FROM alpine:3.20\n")):
        (tmp_path / "fleet" / name / ".git").mkdir(parents=True)
        (tmp_path / "fleet" / name / "Dockerfile").write_text(text)
        (tmp_path / "fleet" / name / "app.py").write_text("print('hello')\n")
    return tmp_path / "fleet"


def scan(fleet: Path, *words: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The rows by repository, and what was told."""
    command = [sys.executable, "-m", "slimify", "scan", ".", "--format", "json", *words]
    done = subprocess.run(command, cwd=fleet, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    return {row["repository"]: row for row in map(json.loads, done.stdout.splitlines())}, done.stderr


@pytest.mark.ci
def test_rows_are_measured_once(fleet: Path) -> None:
    results, page = fleet.parent / "rows.jsonl", fleet.parent / "page.html"
    estimated, _ = scan(fleet, "--output", str(results))
    found, told = scan(fleet, "--verify", "--output", str(results), "--html", str(page))
    shop, broken, small = found["shop"], found["broken"], found["small"]
    assert (shop["proof"]["verdict"], shop["measured"], shop["rung"]) == ("equal", True, "slim")
    assert 500_000_000 < shop["saving"] < shop["original"] != estimated["shop"]["original"]
    assert (broken["proof"]["verdict"], broken["measured"]) == ("not built", False)
    assert broken["saving"] == estimated["broken"]["saving"]
    assert "the original does not build" in broken["reasons"][0]
    assert (small["outcome"], small["proof"]) == ("unchanged", None)
    assert "shop/Dockerfile: equal, saves " in told
    assert "broken/Dockerfile: not built, the original does not build" in told
    text = page.read_text()
    assert text.count('class="tag">measured<') == 1
    assert '<span class="tag">not built</span>' in text
    written = [json.loads(line) for line in results.read_text().splitlines()]
    assert {row["repository"]: row for row in written} == found
    assert len(written) == 3
    again, told = scan(fleet, "--verify", "--output", str(results))
    assert again == found
    assert "equal" not in told


def test_the_time_of_a_build_is_limited(fleet: Path) -> None:
    """What does not end is a row, the next one is built nevertheless, and nothing is left."""
    (fleet / "broken" / "Dockerfile").write_text(
        BROKEN.replace("pip install --no-index no-such-package", "sleep 600")
    )
    found, _ = scan(fleet, "--verify", "--no-run", "--builds", "2", "--build-timeout", "60")
    assert found["shop"]["proof"]["verdict"] == "equal"
    assert found["broken"]["proof"]["verdict"] == "not built"
    assert "timed out after 60 s" in found["broken"]["reasons"][0]
    words = ["docker", "images", "--quiet", "--filter", f"label=proof={LABEL}"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == ""


def test_without_an_engine_nothing_begins(fleet: Path, tmp_path: Path) -> None:
    env = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    command = [sys.executable, "-m", "slimify", "scan", ".", "--verify", "--engine", "docker"]
    done = subprocess.run(command, cwd=fleet, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert "Scanning" not in done.stderr
