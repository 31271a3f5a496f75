"""Values of a build argument, and where files of the repository pass them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.build_arguments import passed_values
from slimify.context.scan import scan

MATRIX = "strategy:\n  matrix:\n    base: ['python:3.11', python:3.12]\n"


@pytest.mark.parametrize(
    ("file", "text", "values"),
    [
        pytest.param("README.md", "docker build --build-arg BASE=a .", (), id="documentation"),
        pytest.param("build.sh", "BASE=a\ndocker build .", (), id="variable"),
        pytest.param("build.sh", "docker build --build-arg DATABASE=a .", (), id="other"),
        pytest.param("compose.yaml", "environment:\n  BASE: a\n", (), id="environment"),
        pytest.param("node_modules/a/build.sh", "docker build --build-arg BASE=a .", (), id="dependency"),
        pytest.param("build.sh", "docker build --build-arg BASE=a:1 .", ("a:1",), id="script"),
        pytest.param("Makefile", "b:\n\tdocker build --build-arg='BASE=a' .", ("a",), id="joined"),
        pytest.param("Makefile", "V ?= 3\nb:\n\tdocker build --build-arg BASE=a:$(V) .", (None,), id="make"),
        pytest.param("Makefile", "b:\n\tdocker build --build-arg BASE=$(BASE) .", (None,), id="from-outside"),
        pytest.param("build.sh", 'docker build --build-arg BASE="$1" .', (None,), id="argument"),
        pytest.param("compose.yaml", "args:\n  BASE: 'a:1' # b\n  C: d\n", ("a:1",), id="compose"),
        pytest.param("compose.yaml", "args:\n  - BASE=a\nenvironment:\n  BASE: b\n", ("a",), id="list"),
        pytest.param("compose.yaml", 'args: { C: d, BASE: "a:1" }\n', ("a:1",), id="inline"),
        pytest.param(
            "compose.yaml", 'build: {context: ., args: {"BASE": "a:1"}}\n', ("a:1",), id="inline-in-service"
        ),
        pytest.param("compose.yaml", "args:\n  BASE: ${BASE:-a:1}\n", (None,), id="default"),
        pytest.param("docker-bake.hcl", 'args = {\n  BASE = "a"\n}\n', ("a",), id="bake"),
        pytest.param(
            ".github/workflows/ci.yml", "with:\n  build-args: |\n    C=d\n    BASE=a\n", ("a",), id="action"
        ),
        pytest.param(
            ".github/workflows/ci.yml",
            f"{MATRIX}run: docker build --build-arg BASE=${{{{ matrix.base }}}} .",
            (None,),
            id="matrix",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            "script:\n  - docker build --build-arg BASE=${{ inputs.base }} .",
            (None,),
            id="input",
        ),
    ],
)
def test_passed_values(tmp_path: Path, file: str, text: str, values: tuple[str | None, ...]) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    (tmp_path / ".dockerignore").write_text(".github\n*.yaml\n")
    assert passed_values(scan(tmp_path), "BASE") == values


@pytest.mark.parametrize(("root", "values"), [(".git", ("a:1", "a:2")), ("other", ("a:1",))])
def test_values_of_the_repository_around_the_context(
    tmp_path: Path, root: str, values: tuple[str, ...]
) -> None:
    (tmp_path / root).mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "build.sh").write_text("docker build --build-arg BASE=a:1 .")
    (tmp_path / "docker-bake.hcl").write_text('args = {\n  BASE = "a:2"\n}\n')
    assert passed_values(scan(tmp_path / "app"), "BASE") == values
