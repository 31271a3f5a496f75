"""Which files are listed below a directory, and what happens to one that is gone meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.directory_walk import file_size, files_below
from slimify.context.repository import repository_of

FILES = ("z.txt", "a/b/c.txt", "a/d.txt", "skipped/e.txt")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    return tmp_path


@pytest.mark.parametrize(
    ("start", "depth", "expected"),
    [
        pytest.param("missing", 9, [], id="no-directory"),
        pytest.param("link", 9, [], id="link"),
        pytest.param("", 0, ["z.txt"], id="own-files"),
        pytest.param("", 1, ["z.txt", "a/d.txt"], id="one-level"),
        pytest.param("", 9, ["z.txt", "a/d.txt", "a/b/c.txt"], id="nearest-first"),
        pytest.param("a", 9, ["a/d.txt", "a/b/c.txt"], id="of-a-directory"),
    ],
)
def test_files_below(tree: Path, start: str, depth: int, expected: list[str]) -> None:
    found = files_below(str(tree), start, depth, lambda path: path != "skipped")
    assert [(path, file_size(entry)) for path, entry in found] == [(path, len(path)) for path in expected]


def test_a_file_that_is_gone_meanwhile_has_no_size(tree: Path) -> None:
    (_, entry) = next(files_below(str(tree), "", 0))
    (tree / "z.txt").unlink()
    assert file_size(entry) is None


def test_a_repository_leaves_out_what_is_gone_meanwhile(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / ".git").mkdir()
    monkeypatch.setattr("slimify.context.repository.file_size", lambda entry: None)
    repository = repository_of(tree / "skipped")
    assert repository.files.files == {}
