"""What installs leave in caches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.languages.node.planning.caches import cache_bytes
from slimify.model.sizes import MB
from slimify.syntax.dockerfile.parser import parse


@pytest.mark.parametrize(
    ("files", "packages", "least", "most"),
    [
        pytest.param("package.json package-lock.json", ("a",), 2, 7, id="locked"),
        pytest.param("package.json", ("a",), 15, 25, id="lock-file-is-not-copied"),
        pytest.param("package.json package-lock.json", ("a", "next"), 100, 115, id="binaries"),
    ],
)
def test_an_install_leaves(
    files: str, packages: tuple[str, ...], least: int, most: int, tmp_path: Path
) -> None:
    names = [*packages, *(f"x{number}" for number in range(100))]
    locked = {"": {}} | {f"node_modules/{name}": {"version": "1.0.0"} for name in names}
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": dict.fromkeys(packages, "1")}))
    (tmp_path / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": locked}))
    source = f'FROM node:20\nWORKDIR /app\nCOPY {files} ./\nRUN npm install\nCMD ["node", "a.js"]\n'
    program = classify(parse(source.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    (install,) = (effect for effect in program.effects if effect.kind == "install")
    assert least * MB <= cache_bytes(program, install) <= most * MB
