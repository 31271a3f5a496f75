"""Caches: what is cleaned in place, and where that is better than another stage."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

from slimify import pipeline
from slimify.config import Options


def test_what_stages_cannot_do_is_cleaned_in_place(tmp_path: Path) -> None:
    """Also where that saves less than 5 % of the image."""
    file = 'FROM python:3.12\nRUN V="$(uname -m)"; pip install flask; echo "$V" > /v\nCMD ["python", "-m", "flask"]\n'
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False))
    assert outcome.rung == "cleanup"
    assert "pip install --no-cache-dir flask" in (outcome.after or "")
    assert any(d.code == "SL390" for d in outcome.decisions)
