"""Paths of the command line, and the build context that goes with a Dockerfile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slimify.app.locate import Target, build_context, read, targets
from slimify.model.errors import SlimifyError


def test_names_in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["Containerfile", "Dockerfile", "Dockerfile.dev", "a/Dockerfile", "a/web.Dockerfile"]
    unwanted = [
        ".git/Dockerfile",
        ".cache/Dockerfile",
        ".Dockerfile.swp",
        "Dockerfile.dockerignore",
        "Dockerfiles",
        "a/node_modules/x/Dockerfile",
        "a/vendor/x/Dockerfile",
        "dockerfile.py",
    ]
    for name in wanted + unwanted:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert [target.name for target in targets(".")] == wanted
    assert [target.name for target in targets("a")] == ["a/Dockerfile", "a/web.Dockerfile"]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_links_are_not_followed_in_a_search(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "Dockerfile").touch()
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "Dockerfile").symlink_to("../outside/Dockerfile")
    (tmp_path / "inside" / "loop").symlink_to(".")
    (tmp_path / "inside" / "away").symlink_to("../outside")
    with pytest.raises(SlimifyError, match="no Dockerfile in this directory"):
        targets(str(tmp_path / "inside"))
    # named, a link is what the user means
    (target,) = targets(str(tmp_path / "inside" / "Dockerfile"))
    assert target.path == tmp_path / "inside" / "Dockerfile"


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SlimifyError, match="no such file") as caught:
        read(Target(name="x", path=tmp_path / "x"))
    assert "slimify rewrite ." in caught.value.hint


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in (".git/HEAD", "go.mod", "web/app.py", "web/docker/entry.sh", "outside.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "outside.txt").rename(tmp_path / "outside.txt")
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("COPY . .", ".", id="everything says nothing"),
        pytest.param("RUN ls", ".", id="nothing copied"),
        pytest.param("COPY entry.sh /", ".", id="beside it"),
        pytest.param("COPY entry.sh app.py /", ".", id="partly beside it, partly above"),
        pytest.param("COPY missing /", ".", id="nowhere"),
        pytest.param("COPY outside.txt /", ".", id="outside the repository"),
        pytest.param("COPY ../../../outside.txt /", ".", id="dots do not lead out"),
        pytest.param("COPY --from=builder app.py /", ".", id="from a stage"),
        pytest.param("ADD https://example.org/app.py /", ".", id="from the network"),
        pytest.param("ADD git@example.org:a/b.git /", ".", id="from a repository"),
        pytest.param("COPY $FILE /", ".", id="unknown name"),
        pytest.param("ARG FILE\nCOPY $FILE /", ".", id="no default"),
        pytest.param("ARG =\nENV a\nCOPY entry.sh /", ".", id="malformed settings"),
        pytest.param("COPY <<EOF /app.py\nx\nEOF", ".", id="heredoc"),
        pytest.param("COPY malformed\nGO x", ".", id="malformed file"),
        pytest.param("COPY app.py /", "web", id="one above"),
        pytest.param("COPY docker/entry.sh app.py /", "web", id="both seen from above"),
        pytest.param("COPY /docker/*.sh /app.p? /", "web", id="absolute and wildcards"),
        pytest.param('COPY ["app.py", "/"]', "web", id="exec form"),
        pytest.param("COPY --chown=a go.mod /", "", id="root of the repository"),
        pytest.param("ADD web/app.py go.mod /", "", id="ADD"),
        pytest.param("ARG d=web\nCOPY ./$d/app.py /", "", id="default of an argument"),
        pytest.param("ARG d=web\nENV f=$d/app.py\nCOPY ${f} /", "", id="variable of the image"),
    ],
)
def test_build_context(repository: Path, text: str, expected: str) -> None:
    directory = repository / "web" / "docker"
    target = Target(name="Dockerfile", path=directory / "Dockerfile")
    found, remark = build_context(target, f"FROM x\n{text}\n".encode())
    assert found == (directory if expected == "." else repository / expected)
    assert bool(remark) == (expected != ".")


@pytest.mark.parametrize(
    ("beside", "above", "expected"),
    [
        pytest.param("main.py", "requirements.txt", "docker", id="a source lies beside it"),
        pytest.param("README.md", "notes.txt", "docker", id="no project above"),
        pytest.param("README.md", "requirements.txt", ".", id="nothing of the project lies beside it"),
        pytest.param("Dockerfile.dev", "package.json", ".", id="several Dockerfiles do"),
    ],
)
def test_the_whole_directory(beside: str, above: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "docker").mkdir()
    for path in ("docker/Dockerfile", f"docker/{beside}", above):
        (tmp_path / path).touch()
    target = Target(name="Dockerfile", path=tmp_path / "docker" / "Dockerfile")
    assert build_context(target, b"FROM x\nCOPY . /app\n")[0] == tmp_path / expected


def test_without_a_repository_nothing_above_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "app.py").touch()
    target = Target(name="Dockerfile", path=tmp_path / "docker" / "Dockerfile")
    assert build_context(target, b"FROM x\nCOPY app.py /\n") == (tmp_path / "docker", "")


def test_standard_input_has_no_context() -> None:
    assert build_context(Target(name="-", path=None), b"FROM x\nCOPY app.py /\n") == (None, "")
