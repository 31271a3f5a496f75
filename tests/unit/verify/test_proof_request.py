"""What a proof is told of the original file."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.config import Options
from slimify.engine.model import BuildOptions
from slimify.verify.probes import Probe
from slimify.verify.proof_request import proof_request

HEAD = "FROM golang:1.24 AS build\nENV MODE=1\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f'{HEAD}CMD ["/app"]\n', id="one stage"),
        pytest.param(
            f'FROM alpine AS a\n{HEAD}FROM build\nCMD ["/app"]\n', id="the last one builds on another"
        ),
    ],
)
def test_the_environment_of_the_base(text: str, tmp_path: Path) -> None:
    found = proof_request(
        text.encode(),
        name="Dockerfile",
        context=tmp_path,
        options=Options(),
        probe=Probe(),
        build=BuildOptions(),
    )
    assert "GOLANG_VERSION" in found.terms.base_env
    assert found.terms.own_env == {"MODE"}


@pytest.mark.parametrize(
    ("declared", "options", "asked", "passed"),
    [
        pytest.param("RELEASE=20", {}, {}, {}, id="the file's own value"),
        pytest.param("RELEASE", {}, {}, {"RELEASE": "22"}, id="the value that Compose passes"),
        pytest.param("RELEASE", {"RELEASE": "24"}, {}, {"RELEASE": "24"}, id="settings come first"),
        pytest.param("RELEASE", {"RELEASE": "24"}, {"RELEASE": "25"}, {"RELEASE": "25"}, id="and the user"),
    ],
)
def test_build_arguments(
    declared: str,
    options: dict[str, str],
    asked: dict[str, str],
    passed: dict[str, str],
    tmp_path: Path,
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "web").mkdir()
    (tmp_path / "compose.yaml").write_text(
        "services:\n  web:\n    build:\n      context: web\n      args: {RELEASE: '22'}\n"
    )
    file = tmp_path / "web" / "Dockerfile"
    file.write_text(f'ARG {declared}\nFROM node:${{RELEASE}}\nCMD ["node"]\n')
    found = proof_request(
        file.read_bytes(),
        name=str(file),
        context=file.parent,
        options=Options(build_args=options),
        probe=Probe(),
        build=BuildOptions(build_args=asked),
    )
    assert found.build.build_args == passed
