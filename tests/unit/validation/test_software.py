"""The system packages of a stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context.scan import scan
from slimify.facts.images import image
from slimify.semantics.machine.stages import execute
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.validation.software import came_along


@pytest.mark.parametrize(
    ("commands", "there"),
    [
        pytest.param("apt-get install -y libpq-dev", True, id="installed"),
        pytest.param("apt-get install -y libpq-dev && apt-get purge -y libpq-dev", True, id="stays"),
        pytest.param(
            "apt-get install -y libpq-dev && apt-get purge -y --auto-remove libpq-dev", False, id="goes, too"
        ),
        pytest.param(
            "apt-get install -y libpq-dev && apt-get purge -y libpq-dev && apt-get autoremove -y",
            False,
            id="goes later",
        ),
        pytest.param(
            "apt-get install -y libpq-dev && apt-get autoremove -y", True, id="what brought it stays"
        ),
    ],
)
def test_what_came_along(commands: str, there: bool, tmp_path: Path) -> None:
    file = parse(encode(f"FROM debian:bookworm\nRUN {commands}\n"), "Dockerfile")
    stage = execute(file, scan(tmp_path), image, {}).final
    assert ("libpq5" in came_along(stage.events, stage.facts)) is there
