"""A repository that names files outside it wherever it can: none is read, listed or written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support import invoke
from tools import reaching_out

_SECRET = "SECRET-CANARY"
_watched: list[str] = [""]
_seen: list[str] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched[0] and event in ("open", "os.listdir", "os.scandir"):
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            follows = event != "open" or not arguments[2] & os.O_NOFOLLOW
            above, name = os.path.split(os.fsdecode(path))
            full = os.path.realpath(path) if follows else os.path.join(os.path.realpath(above), name)
            full = os.fsdecode(full)
            if full.startswith(_watched[0]):
                _seen.append(full)
    elif _watched[0] and event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        _seen.append(f"{event} {arguments[0]}")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The repository, and the directory that nobody may look at."""
    top = tmp_path_factory.mktemp("top").resolve()
    repository, outside = top / "repository", top / "outside"
    reaching_out.write(repository, outside, _SECRET)
    sys.addaudithook(_note)  # for the rest of the process, so it does nothing unless something is watched
    return repository, outside


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("rewrite .", 0),
        ("explain py", 0),
        ("explain node", 0),
        ("explain go", 0),
        ("check .", 1),
        ("config py", 0),
        ("ci github go", 0),
        ("ci gitlab py --write", 3),
        ("ci github node --write", 3),
        ("check . --baseline linkdir/known.json --update-baseline", 2),
        ("check . --baseline link.txt", 2),
        ("rewrite py --output linkdir/new", 4),
        ("rewrite compose.yaml", 2),
        ("rewrite py/compose.yaml", 2),
        ("rewrite py/docker-bake.hcl", 2),
        ("explain py/b/Dockerfile", 2),
        ("rewrite . --write", 0),
    ],
)
def test_commands(places: tuple[Path, Path], words: str, code: int) -> None:
    repository, outside = places
    before = {path: path.read_text() for path in outside.rglob("*") if path.is_file()}
    _seen.clear()
    _watched[0] = str(outside)
    try:
        result = invoke(*words.split(), cwd=repository)
    finally:
        _watched[0] = ""
    text = result.stdout.decode() + result.stderr
    assert (result.code, _seen, _SECRET in text) == (code, [], False), text
    assert {path: path.read_text() for path in outside.rglob("*") if path.is_file()} == before


def test_what_is_watched_is_seen(places: tuple[Path, Path]) -> None:
    repository, outside = places
    _seen.clear()
    _watched[0] = str(outside)
    try:
        (repository / "py" / "linkdir" / "Makefile").read_text()
        os.listdir(repository / "linkdir")
    finally:
        _watched[0] = ""
    assert _seen == [str(outside / "Makefile"), str(outside)]
