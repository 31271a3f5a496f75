"""Golden cases of `slimify merge` with an [engine] table: the old image is built as the script does it, and
the new one proven equal to it."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from support import GOLDEN, invoke

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def rows() -> list[object]:
    found: list[object] = []
    for file in sorted(GOLDEN.glob("merge-*/case.toml")):
        values = tomllib.loads(file.read_text("utf-8"))
        table = values.get("engine")
        if table is not None:
            marks = [pytest.mark.skip(reason=table["skip"])] if "skip" in table else []
            found.append(pytest.param(file.parent, values["builder"], id=file.parent.name, marks=marks))
    return found


@pytest.mark.parametrize(("case", "builder"), rows())
def test_the_old_way_and_the_new_one_make_the_same(case: Path, builder: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(case / "input", project)
    (project / ".git").mkdir()
    before = {path: path.stat() for path in project.rglob("*") if path.is_file()}
    result = invoke(
        "merge", str(project / builder), str(project / "Dockerfile"), "--verify", "--format", "json"
    )
    answer = json.loads(result.stdout)
    assert (result.code, answer["verdict"]) == (0, "equal"), [c for c in answer["checks"] if not c["ok"]]
    # what is taken out of the builder goes to a second directory
    assert {p for p in project.rglob("*") if p.is_file()} == set(before)
    assert all(path.stat().st_mtime == old.st_mtime for path, old in before.items())
