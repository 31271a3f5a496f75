"""What is in the wheel and in the source distribution."""

from __future__ import annotations

import json
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

pytest.importorskip("hatchling")


def files(*directories: str) -> set[str]:
    """Files of the checkout, relative to it, without what tools leave behind."""
    return {
        path.relative_to(ROOT).as_posix()
        for directory in directories
        for path in (ROOT / directory).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    from hatchling.builders.wheel import WheelBuilder

    directory = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    from hatchling.builders.sdist import SdistBuilder

    directory = tmp_path_factory.mktemp("sdist")
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with tarfile.open(path) as archive:
        return {str(Path(*Path(name).parts[1:])) for name in archive.getnames()}


def test_wheel(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    templates = {f"slimify/{name}" for name in files("templates")}
    facts = {name for name in files("slimify") if Path(name).match("facts/*.toml")}
    made = {f"{name}.json" for name in facts} | {"slimify/version.txt", "slimify/requirements.txt"}
    assert names == files("slimify") | templates | made
    assert f"-{wheel.read('slimify/version.txt').decode()}-" in str(wheel.filename)
    assert "slimify/report/schema.json" in names
    assert "--hash=sha256:" in wheel.read("slimify/requirements.txt").decode()
    for name in facts:
        assert json.loads(wheel.read(f"{name}.json")) == tomllib.loads((ROOT / name).read_text("utf-8"))


def test_sdist(sdist: set[str]) -> None:
    wanted = files("slimify", "templates", "golden", "tests") | {
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "hatch_build.py",
        "uv.lock",
        ".ci/locked.py",
    }
    assert wanted - sdist == set()
