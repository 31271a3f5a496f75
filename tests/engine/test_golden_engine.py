"""Every golden case with an [engine] table: both images are built, started and asked the same.

`ci = true` in that table marks the ones that stand for the others: `pytest -m "engine and ci"`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import compare
import pytest

GOLDEN = Path(__file__).parents[2] / "golden"


def engine_cases() -> list[object]:
    """The cases that can be built here; one that can't carries its reason as a skip mark."""
    rows: list[object] = []
    for file in sorted(GOLDEN.glob("*/case.toml")):
        case = tomllib.loads(file.read_text("utf-8"))
        if "engine" not in case:
            continue
        probe = compare.read_probe(case["engine"])
        marks = [pytest.mark.skip(reason=probe.skip)] if probe.skip else []
        if probe.ci:
            marks.append(pytest.mark.ci)
        dockerfile = file.parent / "input" / case.get("file", "Dockerfile")
        rows.append(pytest.param(dockerfile, probe, id=file.parent.name, marks=marks))
    return rows


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(("dockerfile", "probe"), engine_cases())
def test_both_images_do_the_same(dockerfile: Path, probe: compare.Probe) -> None:
    case = next(path for path in dockerfile.parents if path.parent == GOLDEN)
    context = case / "input"
    original = dockerfile.read_bytes().decode("utf-8", "surrogateescape")
    expected = case / "expected.Dockerfile"
    with compare.built(original, context, build_args=probe.build_args) as before:
        if not expected.exists():  # nothing to compare with: the input itself must be sound
            assert compare.observe(before, probe).unmet == ()
            return
        text = expected.read_bytes().decode("utf-8", "surrogateescape")
        ignore = case / "expected.dockerignore"
        with compare.built(
            text,
            context,
            build_args=probe.build_args,
            dockerignore=ignore.read_text() if ignore.exists() else None,
        ) as after:
            assert compare.compare(before, after, probe) == ()
            assert compare.size(after) / compare.size(before) <= probe.max_ratio
