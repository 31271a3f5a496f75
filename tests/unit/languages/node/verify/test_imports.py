"""Directories above a source file: the search ends at the root, however the path is written."""

from __future__ import annotations

import pytest

from slimify.languages.node.verify.imports import node_modules_above


@pytest.mark.parametrize("path", ["/", "//", "//app", "/app", "//app/sub"])
def test_the_way_up_ends(path: str) -> None:
    assert list(node_modules_above(path))[-1] == "/node_modules"
