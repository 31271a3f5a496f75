"""The scripts of a repository that call an engine: near ones come first, as only so many are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.build_scripts.scripts import script_files, scripts

FILES = ("c/y/docker/build.sh", "z.sh", "a/z.sh", "c/z.sh", "c/x/docker/build.sh", "a/x/docker/build.sh")


@pytest.mark.parametrize(
    ("near", "order"),
    [
        pytest.param("", "z.sh a/z.sh c/z.sh", id="the-root"),
        pytest.param("c/x", "c/x/docker/build.sh z.sh c/z.sh a/z.sh", id="a-directory"),
        pytest.param("c/x/docker", "c/x/docker/build.sh z.sh c/z.sh a/z.sh", id="a-deep-one"),
    ],
)
def test_near_scripts_come_first(near: str, order: str, tmp_path: Path) -> None:
    for path in FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("docker build .\n")
    found = [script.file for script in scripts(script_files(tmp_path), "/", near)]
    assert found[: len(order.split())] == order.split()
