"""What is in the wheel and in the source distribution."""

from __future__ import annotations

import tarfile
import zipfile
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    from hatchling.builders.wheel import WheelBuilder

    directory = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    from hatchling.builders.sdist import SdistBuilder

    directory = tmp_path_factory.mktemp("sdist")
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with tarfile.open(path) as archive:
        return {str(Path(*Path(name).parts[1:])) for name in archive.getnames()}


def test_wheel(wheel: set[str]) -> None:
    templates = {f"slimify/{name}" for name in files("templates")}
    assert wheel == files("slimify") | templates
    assert "slimify/report/schema.json" in wheel


def test_sdist(sdist: set[str]) -> None:
    wanted = files("slimify", "templates", "golden", "tests") | {"README.md", "LICENSE", "pyproject.toml"}
    assert wanted - sdist == set()
