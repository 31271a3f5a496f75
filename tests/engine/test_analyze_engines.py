"""`slimify analyze` on images of every engine that is installed here, against what was copied into them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support import invoke

from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions, EngineProblem

pytestmark = pytest.mark.engine

DOCKERFILE = b'FROM scratch\nCOPY one /srv/one\n# twice\nCOPY two one /srv/\nCMD ["/srv/one"]\n'


@pytest.mark.parametrize("name", ["docker", "podman", "buildah"])
def test_images_of_engines(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    for file, size in (("one", 30_000), ("two", 5_000)):
        (tmp_path / file).write_bytes(b"x" * size)
    (tmp_path / "Dockerfile").write_bytes(DOCKERFILE)
    try:
        engine = detect(name)  # type: ignore[arg-type]
    except EngineProblem as problem:
        pytest.skip(problem.message)
    with engine:
        more = ("--layers",) if name == "buildah" else ()  # it makes a single one by default
        tag = engine.build(DOCKERFILE, tmp_path, BuildOptions(timeout=120, arguments=more)).tag
        options = ("--dockerfile", "Dockerfile", "--format", "json", "--engine", name)
        result = invoke("analyze", tag, *options, cwd=tmp_path)
        assert result.code == 0, result.stderr
        (image,) = json.loads(result.stdout)["images"]
        if name == "docker":
            saved = subprocess.run(
                ["docker", "save", f"{tag}:latest"], capture_output=True, check=True
            ).stdout
            piped = invoke(
                "analyze", "-", "--dockerfile", "Dockerfile", "--format", "json", cwd=tmp_path, stdin=saved
            )
            (other,) = json.loads(piped.stdout)["images"]
            assert other | {"name": ""} == image | {"name": ""}
    sizes = [(layer["line"], layer["size"]) for layer in image["layers"]]
    assert sizes == [(2, 30_000), (4, 35_000)]
    assert image["size"] == image["own"] == 65_000
    assert image["efficiency"]["wasted"] == 60_000  # both copies, as dive counts
    assert image["layers"][1]["hidden"] == 30_000
    assert engine.leftovers == ()
