"""What the steps of a file show of its base image."""

from __future__ import annotations

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import Context
from slimify.syntax.dockerfile.parser import encode, parse

DIGEST = f"python@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("base", "run", "distro"),
    [
        pytest.param("python:3.12", "apk add git", "debian", id="the tag says it"),
        pytest.param(DIGEST, "pip install flask", None, id="nothing says it"),
        pytest.param(DIGEST, "apt-get install -y git", None, id="Debian or one of its kind"),
        pytest.param(
            "registry.example.com/python", "apk add git", None, id="an image of which nothing is known"
        ),
        pytest.param(DIGEST, "apk add git", "alpine", id="only Alpine has apk"),
        pytest.param(
            f"python:3.12@sha256:{'0' * 64}", "pip install flask", "debian", id="a tag and a digest"
        ),
    ],
)
def test_distribution(base: str, run: str, distro: str | None) -> None:
    file = parse(encode(f"FROM {base}\nRUN {run}\n"))
    program = classify(file, Context.empty(), "Dockerfile", Options())
    facts = program.machine.final.facts
    assert (program.base.distro if program.base is not None else None) == distro
    assert (facts.distro if facts is not None else None) == distro
