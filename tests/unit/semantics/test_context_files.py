"""Which files of the image come from the context, after COPY and ADD as the builder does them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import Context, scan
from slimify.semantics.context_files import ContextView
from slimify.syntax.dockerfile.parser import parse

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


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param("COPY a.txt /w/", "a.txt", id="copied"),
        pytest.param("COPY a.txt /w/\nRUN chmod 755 /w/a.txt", "a.txt", id="mode-changed"),
        pytest.param("COPY a.txt /w/\nRUN gcc -o /w/b.txt x.c", "a.txt", id="another-file-made"),
        pytest.param("COPY . /w\nRUN gcc -o /w/a.txt x.c", None, id="compiled-over"),
        pytest.param("COPY . /w\nRUN curl -o /w/a.txt https://example.org/x", None, id="fetched-over"),
        pytest.param("COPY . /w\nRUN make -C /w a && gcc -o /o x.c && mv /o /w/a.txt", None, id="moved-over"),
        pytest.param("RUN gcc -o /w/a.txt x.c\nCOPY . /w", "a.txt", id="copied-afterwards"),
        pytest.param("COPY . /w\nRUN gcc -o /w/a.txt x.c\nCOPY a.txt /w", "a.txt", id="copied-again"),
        pytest.param("COPY . /w\nCOPY --from=other/image /o /w/a.txt", None, id="from-an-image"),
        pytest.param("COPY . /w\nADD https://example.org/a.txt /w/", None, id="added-over"),
        pytest.param("COPY . /w\nCOPY --from=other/image /o /w/", "a.txt", id="beside-it"),
    ],
)
def test_a_path_is_what_its_last_step_made_of_it(context: Context, steps: str, expected: str | None) -> None:
    file = parse(f"FROM debian:12\n{steps}\n".encode())
    view = classify(file, context, "Dockerfile", Options()).end_state.view
    assert view.context_path("/w/a.txt") == expected
    assert view.text("/w/a.txt") == expected
    assert ("/w/a.txt" in view.image_paths("a.txt")) == (expected is not None)


@pytest.mark.parametrize(
    ("command", "known"),
    [
        pytest.param("sed -i s/a/b/ /w/run.sh", True, id="edited"),
        pytest.param("envsubst < /w/a.txt > /w/b.txt", True, id="another-file"),
        pytest.param("echo true >> /w/run.sh", True, id="lengthened"),
        pytest.param("envsubst < /w/a.txt > /w/run.sh", False, id="written-anew"),
    ],
)
def test_a_script_that_a_step_writes_is_not_the_one_of_the_context(
    tmp_path: Path, command: str, known: bool
) -> None:
    (tmp_path / "run.sh").write_text("#!/bin/sh\nexec app\n")
    file = parse(f"FROM debian:12\nCOPY . /w\nRUN {command}\n".encode())
    view = classify(file, scan(tmp_path), "Dockerfile", Options()).end_state.view
    assert (view.text("/w/run.sh") is not None) == known


def test_a_stage_brings_its_own_file(context: Context) -> None:
    stages = (
        "FROM debian:12 AS b\nRUN gcc -o /o/a.txt x.c\nFROM debian:12\nCOPY . /w\nCOPY --from=b {} /w{}\n"
    )
    for copied in (("/o/a.txt", "/a.txt"), ("/o", ""), ("/o/a.txt", "/")):
        text = stages.format(*copied).encode()
        view = classify(parse(text), context, "Dockerfile", Options()).end_state.view
        assert view.context_path("/w/a.txt") is None
        assert view.context_path("/w/b.txt") == "b.txt"
