"""Which files git ignores, and where the repository of a context begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.repository import repository_of


@pytest.mark.parametrize(
    ("rules", "path", "ignored"),
    [
        pytest.param("", "a.yml", False, id="no-rules"),
        pytest.param("# a.yml\n\n", "a.yml", False, id="comment"),
        pytest.param("b.yml\n/x/a.yml\n", "a.yml", False, id="others"),
        pytest.param("a.yml\n", "conf/a.yml", True, id="at-any-depth"),
        pytest.param("/a.yml\n", "conf/a.yml", False, id="only-at-the-root"),
        pytest.param("/conf/*.yml\n", "conf/a.yml", True, id="in-a-directory"),
        pytest.param("conf/\n", "x/conf/a.yml", True, id="below-a-directory"),
        pytest.param("*.yml\n!a.yml\n", "a.yml", False, id="exception"),
        pytest.param("\\#a\n", "#a", True, id="escaped"),
    ],
)
def test_ignored(rules: str, path: str, ignored: bool, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(rules)
    assert repository_of(tmp_path).ignores(path) is ignored


def test_rules_above_and_below_the_context(tmp_path: Path) -> None:
    context = tmp_path / "service"
    (context / "conf").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("service/a.yml\n")
    (context / "conf" / ".gitignore").write_text("b.yml\n")
    assert [repository_of(context).ignores(p) for p in ("a.yml", "conf/b.yml", "b.yml")] == [
        False,
        True,
        False,
    ]
    (tmp_path / ".git").mkdir()
    found = repository_of(context)
    assert (found.root, found.prefix) == (tmp_path, "service")
    assert [found.ignores(p) for p in ("a.yml", "conf/b.yml", "b.yml")] == [True, True, False]


def test_a_home_directory_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "compose.yml").write_text("services: {a: {build: ./a}}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert repository_of(tmp_path / "a").root == tmp_path / "a"


def test_files_around_the_context(tmp_path: Path) -> None:
    kept = ["Makefile", "compose.yml", "deploy/a/pod.yml", ".github/workflows/ci.yml", "apps/Procfile"]
    other = ["src/compose.yml", "apps/shop/compose.yml", "apps/other/compose.yml", ".git/config"]
    for name in (*kept, *other):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "ops").symlink_to(tmp_path.parent)
    assert sorted(repository_of(tmp_path / "apps" / "shop").files.files) == sorted(kept)
