"""slimify's own image, built from a wheel as a release does, is slimify."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support import GOLDEN, ROOT

from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_the_image_rewrites(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path / "dist"), versions=["standard"]))
    project = shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path / "project")
    text = (ROOT / "container" / "Dockerfile").read_bytes()
    with detect("docker") as engine:
        tag = engine.build(text, tmp_path, BuildOptions(timeout=900)).tag
        done = subprocess.run(
            ["docker", "run", "--rm", "-v", f"{project}:/work", tag, "rewrite", "--write"],
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
    assert (project / "Dockerfile").read_bytes() == (GOLDEN / "go-plain" / "expected.Dockerfile").read_bytes()
