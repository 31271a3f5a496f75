"""Which files of the image come from the context, after COPY and ADD as the builder does them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.scan import Context, scan
from slimify.semantics.context_files import ContextView

FILES = ("a.txt", "b.txt", "src/main.py", "src/lib/x.py", "data.tar.gz", "web/index.html", "web/app.js")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return scan(tmp_path)


@pytest.mark.parametrize(
    ("sources", "target", "add", "image", "expected"),
    [
        pytest.param([], "/x", False, "/x", None, id="nothing-copied"),
        pytest.param(["missing"], "/x", False, "/x/y", None, id="missing-source"),
        pytest.param(["https://example.org/a.txt"], "/x/", True, "/x/a.txt", None, id="address"),
        pytest.param(["data.tar.gz"], "/x/", True, "/x/data.tar.gz", None, id="archive-unpacked"),
        pytest.param(["data.tar.gz"], "/x/", False, "/x/data.tar.gz", "data.tar.gz", id="archive-kept"),
        pytest.param(["a.txt"], "/x", False, "/x", "a.txt", id="file-renamed"),
        pytest.param(["a.txt"], "/x/", False, "/x/a.txt", "a.txt", id="file-into-slash"),
        pytest.param(["a.txt"], "/etc", False, "/etc/a.txt", "a.txt", id="file-into-usual-directory"),
        pytest.param(["a.txt", "b.txt"], "/x", False, "/x/b.txt", "b.txt", id="several"),
        pytest.param(["*.txt"], "/x/", False, "/x/b.txt", "b.txt", id="pattern"),
        pytest.param(["src"], "/x", False, "/x/main.py", "src/main.py", id="directory-gives-content"),
        pytest.param(["src"], "/x", False, "/x/src/main.py", None, id="directory-name-is-dropped"),
        pytest.param(["."], "/w", False, "/w/web/app.js", "web/app.js", id="whole-context"),
        pytest.param(["/src"], "/x", False, "/x/lib", "src/lib", id="rooted-source"),
    ],
)
def test_copy(
    context: Context,
    sources: list[str],
    target: str,
    add: bool,
    image: str,
    expected: str | None,
) -> None:
    view = ContextView(context=context).with_copy(sources, target, add=add)
    assert view.context_path(image) == expected
    if expected is not None:
        assert image in view.image_paths(expected)


def test_parents_keep_the_directories_of_the_source(context: Context) -> None:
    view = ContextView(context=context).with_copy(["src/lib/x.py"], "/w/", parents=True)
    assert view.context_path("/w/src/lib/x.py") == "src/lib/x.py"


def test_a_later_copy_hides_an_earlier_one(context: Context) -> None:
    view = ContextView(context=context).with_copy(["a.txt"], "/x").with_copy(["b.txt"], "/x")
    assert view.context_path("/x") == "b.txt"
    assert view.text("/x") == "b.txt"


def test_a_heredoc_hides_what_was_copied(context: Context) -> None:
    view = ContextView(context=context).with_copy(["a.txt"], "/x").with_text("/x", "new")
    assert view.text("/x") == "new"


@pytest.mark.parametrize(
    ("path", "known"),
    [
        pytest.param("/nowhere", False, id="never-made"),
        pytest.param("/w/main.py", False, id="file"),
        pytest.param("/usr/local/bin", True, id="usual"),
        pytest.param("/w", True, id="target-of-a-copy"),
        pytest.param("/w/lib", True, id="below-it"),
        pytest.param("/data/a", True, id="made"),
        pytest.param("/data", True, id="parent-of-what-was-made"),
    ],
)
def test_directories(context: Context, path: str, known: bool) -> None:
    view = ContextView(context=context).with_copy(["src"], "/w").with_directory("/data/a/")
    assert view.is_dir(path) is known


def test_every_file_goes_there_and_back(context: Context) -> None:
    view = ContextView(context=context).with_copy(["."], "/app").with_copy(["web"], "/srv")
    assert set(view.under("/app")) == {f"/app/{name}" for name in FILES}
    assert view.under("/srv") == ("/srv/app.js", "/srv/index.html")
    for name in FILES:
        assert all(view.context_path(path) == name for path in view.image_paths(name))
