"""Which files git ignores, and where the repository of a context begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slimify.context.repository import repository_of
from slimify.context.scan import Context, scan


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


def test_names_that_git_ignores(tmp_path: Path) -> None:
    context = tmp_path / "service"
    context.mkdir()
    (tmp_path / ".gitignore").write_text("*.log\nkey.json\n/service/a.pem\n/other/b.pem\nbuild/\n!c\n# d\n")
    (context / ".gitignore").write_text("/conf/e.yml\n")
    assert repository_of(context).ignored_names == ("conf/e.yml",)
    (tmp_path / ".git").mkdir()
    assert repository_of(context).ignored_names == ("key.json", "a.pem", "conf/e.yml")


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


@pytest.mark.parametrize(
    ("name", "text", "is_root"),
    [
        pytest.param("notes.txt", "build: ./a/service\n", False, id="no-file-that-builds"),
        pytest.param("compose.yml", "services: {x: {build: ./other}}\n", False, id="another-context"),
        pytest.param("compose.yml", "services:\n  x:\n    build: ./a/services\n", False, id="longer-name"),
        pytest.param("compose.yml", "services:\n  x:\n    build: ./a/service\n", True, id="compose"),
        pytest.param("compose.prod.yaml", 'context: "a/service/"\n', True, id="context-in-quotes"),
        pytest.param("Makefile", "image:\n\tdocker build -t x a/service\n", True, id="make"),
        pytest.param("docker-bake.hcl", 'context = "a/service"\n', True, id="bake"),
    ],
)
def test_sources_without_history(name: str, text: str, is_root: bool, tmp_path: Path) -> None:
    context = tmp_path / "a" / "service"
    context.mkdir(parents=True)
    (tmp_path / name).write_text(text)
    found = repository_of(context)
    assert found.root == (tmp_path if is_root else context)
    assert bool(found.notes) is is_root


def test_directories_of_others_are_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = tmp_path / "a" / "service"
    context.mkdir(parents=True)
    (tmp_path / "compose.yml").write_text("services:\n  x:\n    build: ./a/service\n")
    assert repository_of(context).root == tmp_path
    tmp_path.chmod(0o777)
    assert repository_of(context).root == context
    tmp_path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(context, 4242, 4242)
        assert repository_of(context).root == context
        os.chown(context, 0, 0)
    for home in (tmp_path, tmp_path / "a", tmp_path / "b"):
        monkeypatch.setenv("HOME", str(home))
        assert repository_of(context).root == context


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


# --- Surroundings of contexts beside each other


def _surroundings(root: Path, names: list[str], shared: dict | None) -> list[Context]:
    found = [scan(root / name, shared=shared).repository for name in names]
    return [repository.files for repository in found if repository is not None]


def _repository(root: Path) -> Path:
    for path in (".git/HEAD", "Makefile", "a/Dockerfile", "b/Dockerfile", "deploy/run.sh", "b/c/Dockerfile"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x\n")
    return root


def test_contexts_beside_each_other_share_their_surroundings(tmp_path: Path) -> None:
    first, second = _surroundings(_repository(tmp_path), ["a", "b"], {})
    assert first is second
    assert list(first.files) == ["Makefile", "deploy/run.sh"]


def test_a_directory_for_deployments_is_not_around_itself(tmp_path: Path) -> None:
    first, second = _surroundings(_repository(tmp_path), ["a", "deploy"], {})
    assert list(second.files) == ["Makefile"]
    assert first is not second


def test_a_deeper_context_has_more_around_it(tmp_path: Path) -> None:
    _, deeper = _surroundings(_repository(tmp_path), ["a", "b/c"], {})
    assert list(deeper.files) == ["Makefile", "b/Dockerfile", "deploy/run.sh"]


def test_nothing_is_shared_unless_asked(tmp_path: Path) -> None:
    first, second = _surroundings(_repository(tmp_path), ["a", "b"], None)
    assert first is not second
    assert first.files == second.files
