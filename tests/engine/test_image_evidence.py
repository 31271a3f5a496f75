"""`--image`: a script that nothing but the built image explains becomes a step of the build, and both images
are equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import invoke

from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions

pytestmark = pytest.mark.engine

FILES = {
    "Dockerfile": 'FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN ./build.sh\nCMD ["/opt/app/server"]\n',
    "build.sh": '#!/bin/sh\nset -e\nexport CGO_ENABLED=0\ngo build -o "$(cat where)/server" .\n',
    "where": "/opt/app\n",
    "go.mod": "module example\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("served") }\n',
}


def test_what_a_script_leaves_is_copied(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "build.sh").chmod(0o755)
    assert invoke("rewrite", cwd=tmp_path).code == 3
    with detect("docker") as engine:
        data = FILES["Dockerfile"].encode()
        tag = engine.build(data, tmp_path, BuildOptions(timeout=300)).tag
        result = invoke("verify", "--image", tag, "--format", "json", cwd=tmp_path)
    assert result.code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["verdict"] == "equal"
    assert found["stages"][-1]["from"].startswith("gcr.io/distroless/static")
    estimate, sizes = found["estimate"], found["sizes"]
    assert estimate["measured"]
    # a base image of another release than the table's has another size
    real = sizes["original"] - sizes["rewritten"]
    assert abs(estimate["saving"] - real) < 0.05 * real
