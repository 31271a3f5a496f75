"""What an image holds already costs nothing, and saves nothing."""

from __future__ import annotations

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import Context
from slimify.model.sizes import MB
from slimify.planning.estimates.estimate import dropped_package_bytes
from slimify.syntax.dockerfile.parser import encode, parse

COMPILERS = "build-essential g++ make"


@pytest.mark.parametrize(
    ("base", "packages", "least", "most"),
    [
        pytest.param("node:20", "jq", 0, 0, id="nothing is dropped"),
        pytest.param("node:20-slim", COMPILERS, 200, 700, id="a slim image has no compiler"),
        pytest.param("alpine:3.20", "g++ make", 100, 700, id="Alpine has none"),
        pytest.param("node:20", COMPILERS, 0, 0, id="a full image has them"),
        pytest.param("node:14", COMPILERS, 0, 0, id="so has one of a release without a list"),
    ],
)
def test_dropped_packages(base: str, packages: str, least: int, most: int) -> None:
    install = "apk add" if base.startswith("alpine") else "apt-get install -y"
    text = f"FROM {base}\nRUN {install} {packages}\nCOPY . .\nRUN make\nRUN cmake .\nCMD node a.js\n"
    program = classify(parse(encode(text)), Context.empty(), "Dockerfile", Options())
    assert least * MB <= dropped_package_bytes(program) <= most * MB


@pytest.mark.parametrize(
    ("packages", "least", "most"),
    [
        pytest.param("--no-install-recommends python3 python3-pip", 0, 10, id="nothing comes along"),
        pytest.param("python3 python3-pip", 300, 450, id="compilers come along: apt says 429 MB"),
        pytest.param("python3 python3-pip gcc", 150, 260, id="gcc is dropped, it counts once"),
        pytest.param("python3 python3-pip httpie", 0, 20, id="a package that stays recommends them, too"),
    ],
)
def test_what_came_along(packages: str, least: int, most: int) -> None:
    text = (
        f"FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y {packages}\n"
        'RUN pip3 install --break-system-packages cffi\nCMD ["python3", "-c", "import cffi"]\n'
    )
    program = classify(parse(encode(text)), Context.empty(), "Dockerfile", Options())
    assert least * MB <= dropped_package_bytes(program) <= most * MB
