"""Answers of an earlier run: right for as long as the disk shows the same, whatever else happens."""

from __future__ import annotations

import builtins
import io
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support import GOLDEN, invoke

from slimify import pipeline
from slimify.app import answer_cache, locate
from slimify.config import Options, disk
from slimify.context import scan

DOCKERFILE = """FROM python:3.12
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y build-essential git libpq-dev
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "main.py"]
"""


# --- every look is recorded ---------------------------------------------------------------------

_CASES = sorted(path.parent for path in GOLDEN.glob("*/input"))
_LOOKS: dict[Any, tuple[str, ...]] = {
    os: ("stat", "lstat", "scandir", "listdir", "readlink", "open", "access"),
    builtins: ("open",),
    io: ("open",),
}


@pytest.mark.parametrize("case", _CASES[::6], ids=lambda case: case.name)
def test_what_is_looked_at_is_recorded(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path.resolve() / "case"
    shutil.copytree(case / "input", top, symlinks=True)
    (top / ".git").mkdir()
    for path in top.rglob("*Dockerfile*"):
        if path.is_file():
            seen: set[str] = set()
            looks: disk.Looks = {}
            data = path.read_bytes()
            with monkeypatch.context() as watching, disk.recorded(looks):
                _watch(watching, str(top), seen)
                directory, _ = locate.build_context(locate.Target(name=str(path), path=path), data)
                outcome = pipeline.rewrite(data, directory, name=str(path), options=Options())
            assert seen or outcome.error is not None
            assert not [name for name in seen if not _is_covered(name, looks)]
            assert disk.shows_the_same(looks)


def _watch(watching: pytest.MonkeyPatch, top: str, seen: set[str]) -> None:
    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *rest: Any, **more: Any) -> Any:
            if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(f"{top}/"):
                seen.add(os.fspath(path))
            return function(path, *rest, **more)

        return call

    for module, names in _LOOKS.items():
        for name in names:
            watching.setattr(module, name, noting(getattr(module, name)))


def _is_covered(path: str, looks: disk.Looks) -> bool:
    """Whether a look shows the path, or how it is reached."""
    for kind, name, *_ in looks:
        below = path == name or path.startswith(f"{name}/")
        if kind == "entries" and (name == path or name == os.path.dirname(path)):
            return True
        if kind == "has_match" and below:
            return True
        if kind in ("read", "real", "status") and (name == path or name.startswith(f"{path}/")):
            return True
    return False


def test_what_is_not_recorded_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    looks: disk.Looks = {}
    (tmp_path / "a").mkdir()
    with monkeypatch.context() as watching, disk.recorded(looks):
        _watch(watching, str(tmp_path), seen)
        disk.entries(str(tmp_path / "a"))
        (tmp_path / "b" / "c").exists()
        os.path.isfile(tmp_path / "a" / "d")  # the listing shows it
    assert [name for name in seen if not _is_covered(name, looks)] == [str(tmp_path / "b" / "c")]


# --- what is remembered -------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository, looked at by a released version."""
    monkeypatch.setattr(answer_cache, "_is_released", lambda: True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    (top / "app" / "pages").mkdir(parents=True)
    texts = {
        "app/Dockerfile": DOCKERFILE,
        "app/requirements.txt": "psycopg2==2.9.9\n",
        "app/main.py": "import psycopg2\n",
        "app/.gitignore": "*.log\n",
        "README.md": "docker run app\n",
    }
    for name, text in texts.items():
        (top / name).write_text(text)
    return top


def _checked(project: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[bytes, bool]:
    """What `check` prints, and whether it was computed."""
    computed = []

    def rewrite(*arguments: Any, **named: Any) -> Any:
        computed.append(1)
        return found(*arguments, **named)

    found = pipeline.rewrite
    with monkeypatch.context() as watching:
        watching.setattr(pipeline, "rewrite", rewrite)
        result = invoke("check", "--format", "json", *(words or ("app/Dockerfile",)), cwd=project)
    assert result.code in (0, 1), result.stderr
    return result.stdout, bool(computed)


def test_the_second_answer_is_remembered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, computed = _checked(project, monkeypatch)
    assert computed
    assert _checked(project, monkeypatch) == (first, False)
    assert _checked(project, monkeypatch, "--no-cache", "app/Dockerfile") == (first, True)
    assert _checked(project, monkeypatch, "app") == (first, False)


def _append(name: str, text: str) -> Callable[[Path], object]:
    def change(top: Path) -> None:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        with (top / name).open("a") as file:
            file.write(text)

    return change


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        (lambda top: os.utime(top / "app" / "main.py", (1, 1)), False),
        (lambda top: (top / ".git" / "HEAD").write_text("x"), False),
        (_append("app/main.py", "import json\n"), True),
        (lambda top: (top / "app" / "main.py").write_text("import psycopg3\n"), True),  # of the same size
        (_append("app/requirements.txt", "flask\n"), True),
        (_append("app/Dockerfile", "# more\n"), True),
        (_append("app/.dockerignore", "pages\n"), True),
        (_append("app/Dockerfile.dockerignore", "pages\n"), True),
        (_append("app/pages/new.html", "x"), True),
        (_append("compose.yaml", "services: {app: {build: app}}\n"), True),
        (_append(".github/workflows/ci.yml", "on: push\n"), True),
        (_append("README.md", "docker exec app git log\n"), True),
        (_append("slimify.toml", 'base = "same"\n'), True),
        (lambda top: (top / "app" / "main.py").chmod(0o755), True),
        (lambda top: (top / "app" / "requirements.txt").unlink(), True),
        (lambda top: (top / "app" / "link").symlink_to("main.py"), True),
        (lambda top: (top / ".git").rmdir(), True),
    ],
)
def test_what_changes_is_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], computed: bool
) -> None:
    _checked(project, monkeypatch)
    change(project)
    found = _checked(project, monkeypatch)
    assert found[1] == computed
    assert found[0] == _checked(project, monkeypatch, "--no-cache", "app/Dockerfile")[0]


@pytest.mark.parametrize("words", [("--base", "same"), ("--context", "."), ("--build-arg", "A=1")])
def test_options_ask_another_question(
    project: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    _checked(project, monkeypatch)
    assert _checked(project, monkeypatch, *words, "app/Dockerfile")[1]


def test_other_versions_ask_another_question(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _checked(project, monkeypatch)
    monkeypatch.setattr(answer_cache, "_installed", lambda: ["dockerfile_slimify-99.dist-info"])
    assert _checked(project, monkeypatch)[1]


def test_a_checkout_remembers_nothing(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(answer_cache, "_is_released", lambda: False)
    _checked(project, monkeypatch)
    assert _checked(project, monkeypatch)[1]
    assert not (tmp_path / "cache").exists()


def test_several_files_and_commands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(project / "app", project / "other")
    first, _ = _checked(project, monkeypatch, ".")
    assert _checked(project, monkeypatch, ".") == (first, False)
    (project / "other" / "main.py").write_text("import os\n")
    assert _checked(project, monkeypatch, ".")[1]
    monkeypatch.setattr(pipeline, "rewrite", None)  # `check` has found what `rewrite` prints
    assert invoke("rewrite", ".", cwd=project).code == 0


def test_written_files_are_answered_as_they_are(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _checked(project, monkeypatch)
    assert invoke("rewrite", "--write", "app/Dockerfile", cwd=project).code == 0
    assert (project / "app" / "Dockerfile").read_text() != DOCKERFILE
    assert _checked(project, monkeypatch)[1]


def test_a_failure_is_not_remembered(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (project / "app" / "Dockerfile").write_text("FROM python:3.12\nGO\n")
    for _ in range(2):
        assert invoke("check", "app/Dockerfile", cwd=project).code == 2
    assert not (tmp_path / "cache").exists()


# --- the directory ------------------------------------------------------------------------------


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("harmed",)


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"junk", pickle.dumps(({}, _Harm())), pickle.dumps((1, 2))]
)
def test_damaged_files(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    first, _ = _checked(project, monkeypatch)
    (file,) = (tmp_path / "cache" / "slimify").iterdir()
    file.write_bytes(content)
    assert _checked(project, monkeypatch) == (first, True)
    assert not (project / "harmed").exists()
    assert _checked(project, monkeypatch) == (first, False)


def test_a_directory_that_cannot_be_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    first, _ = _checked(project, monkeypatch)
    assert _checked(project, monkeypatch) == (first, True)


def test_old_and_surplus_answers_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        answer_cache.remember(tmp_path / str(number), {}, ())
        os.utime(tmp_path / str(number), (2e9 + number, 2e9 + number))
    os.utime(tmp_path / "4", (1, 1))
    answer_cache.remember(tmp_path / "new", {}, ())
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "2", "3", "new"}
    monkeypatch.setattr(answer_cache, "_MOST_FILES", 3)
    answer_cache.remember(tmp_path / "newer", {}, ())
    assert {path.name for path in tmp_path.iterdir()} == {"1", "2", "3"}  # used in 2033
    monkeypatch.setattr(answer_cache, "_MOST_BYTES", 1)
    answer_cache.remember(tmp_path / "large", {}, ())
    assert list(tmp_path.iterdir()) == []


def test_several_processes(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        assert all(pool.map(_write_and_read, [tmp_path / "answer"] * 200, range(200)))
    assert [path.name for path in tmp_path.iterdir()] == ["answer"]


def _write_and_read(file: Path, number: int) -> bool:
    answer_cache.remember(file, {("status", str(file), False): b""}, ())
    return file.exists() and number >= 0


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    file, looks = tmp_path / "a", disk.Looks()
    with disk.recorded(looks):
        for text in ("one", "two"):
            file.write_text(text)
            assert disk.read(str(file), 9) == text.encode()
    assert not disk.shows_the_same(looks)


def test_a_look_outside_a_recording(tmp_path: Path) -> None:
    looks = disk.Looks()
    with disk.recorded(looks):
        pass
    assert not scan.scan(tmp_path).files
    assert looks == {}
