"""The paths that git tracks, against git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slimify.context.git_index import tracked_paths
from slimify.context.repository import repository_of

FILES = ("a", "b/c", "b/d/" + "e" * 200, "b/d/é f", "later")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*FILES, "untracked", "x/untracked"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    git(tmp_path, "init", "--quiet")
    return tmp_path


def git(root: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=root, check=True)


def test_no_index(root: Path, tmp_path: Path) -> None:
    assert tracked_paths(root) == frozenset()
    (root / ".git" / "index").write_bytes(b"DIRC\0\0\0\2\0\0\xff\xff short")
    assert tracked_paths(root) == frozenset()


@pytest.mark.parametrize("version", ["2", "4"])
def test_each_version(root: Path, version: str) -> None:
    git(root, "add", *FILES[:-1])
    git(root, "update-index", "--index-version", version, "--assume-unchanged", "a")
    expected = {"b", "b/d", *FILES[:-1]}
    assert tracked_paths(root) == expected
    git(root, "add", "--intent-to-add", "later")  # an extended entry
    assert tracked_paths(root) == expected | {"later"}
    whole = (root / ".git" / "index").read_bytes()
    for size in range(0, len(whole), 7):
        (root / ".git" / "index").write_bytes(whole[:size])
        tracked_paths(root)  # a truncated file raises nothing


def test_what_git_tracks_is_not_ignored(root: Path) -> None:
    (root / ".gitignore").write_text("/b\nuntracked\n")
    found = repository_of(root / "b")
    assert [found.ignores(name) for name in ("c", "d")] == [True, True]
    git(root, "add", "--force", "b/c")
    found = repository_of(root / "b")
    assert [found.ignores(name) for name in ("c", "d", "x/untracked")] == [False, True, True]
    assert [found.tracks(name) for name in ("c", "d", "a")] == [True, False, False]
