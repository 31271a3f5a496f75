"""Settings files that are links, too large, or no files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slimify.config import is_inside, load
from slimify.model.errors import SlimifyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "shared.toml").write_text('base = "slim"\n')
    (tmp_path / "outside.toml").write_text('base = "slim"\n[tool.slimify]\nbase = "slim"\n')
    return root


@pytest.mark.parametrize(
    ("target", "base"), [("shared.toml", "slim"), ("missing.toml", "auto")], ids=["inside", "dangling"]
)
def test_links_inside_the_repository_are_followed(root: Path, target: str, base: str) -> None:
    (root / "slimify.toml").symlink_to(target)
    assert load(root).base == base


@pytest.mark.parametrize("target", ["../outside.toml", "/proc/self/environ"])
def test_links_out_of_the_repository_are_refused(root: Path, target: str) -> None:
    (root / "slimify.toml").symlink_to(target)
    with pytest.raises(SlimifyError, match="leads out of the repository"):
        load(root)
    (root / "slimify.toml").unlink()
    (root / "pyproject.toml").symlink_to(target)
    assert load(root).base == "auto"


def test_no_regular_file(root: Path) -> None:
    os.mkfifo(root / "slimify.toml")
    assert load(root).base == "auto"


def test_a_file_that_is_too_large(root: Path) -> None:
    with (root / "slimify.toml").open("wb") as file:
        file.truncate(20 * 10**9)
    with pytest.raises(SlimifyError, match="larger than 1 MB"):
        load(root)


def test_a_loop_is_not_inside(root: Path) -> None:
    (root / "loop").symlink_to("loop")
    assert is_inside(root / "new", root)
    assert not is_inside(root / ".." / "new", root)
