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
