"""Targets of docker-bake files."""

from __future__ import annotations

import pytest

from slimify.context.compose.bake import Build, bake_targets


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docker-bake.hcl", ""),
        ("docker-bake.hcl", 'group "default" { targets = ["a"] }'),
        ("docker-bake.hcl", '# target "a" {}\n/* target "b" {} */'),
        ("docker-bake.hcl", "\x00{{{{[["),
        ("docker-bake.json", "["),
        ("docker-bake.json", '{"target": 3}'),
    ],
)
def test_no_targets(path: str, text: str) -> None:
    assert list(bake_targets(path, text)) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ('target "a" {}', Build(name="a")),
        (
            'target "a" { context = ".." dockerfile = "d/D" }',
            Build(name="a", context="..", dockerfile="d/D"),
        ),
        ('target "a" { tags = ["x:1", "${Y}", Z] }', Build(name="a", tags=("x:1", "${Y}"))),
        ('target "a" { target = "web" }', Build(name="a", stage="web")),
        ('target "a" { args = { X = "1", Y = f("2") } }', Build(name="a", args={"X": "1"})),
        ('target "a" { inherits = ["a"] args = { X = "1" } }', Build(name="a", args={"X": "1"})),
        ('target "a" { args = { X = "1"', Build(name="a", args={"X": "1"})),
        ('target "a" { args = ' + "{ X = " * 5000, Build(name="a")),
    ],
)
def test_targets(text: str, target: Build) -> None:
    assert list(bake_targets("docker-bake.hcl", text)) == [target]
