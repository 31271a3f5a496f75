"""Partly known paths, and argument lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.context import source_uses
from slimify.context.source_uses import HERE, UNKNOWN

PATHS = {
    "plain": ("a/b.txt", "a/b.txt"),
    "absolute": ("/etc/hosts", "/etc/hosts"),
    "unknown": (UNKNOWN, ""),
    "unknown-name": (f"a/b/{UNKNOWN}.txt", "a/b/"),
    "unknown-start": (f"{UNKNOWN}/b.txt", ""),
    "unknown-name-at-the-top": (f"x{UNKNOWN}", ""),
    "url": ("https://example.org/x", ""),
    "file-url": ("file:///etc/x", "/etc/x"),
    "file-url-relative": ("file://migrations", "migrations"),
    "working-directory": ("./", ""),
    "text": ("a\nb", ""),
    "from-the-context": (f"{HERE}/a/../b/c", "b/c"),
    "from-the-context-directory": (f"{HERE}/a/{UNKNOWN}", "a/"),
    "out-of-the-context": (f"{HERE}/a/../../c", ""),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_constant_path(path: str, expected: str) -> None:
    assert source_uses.constant_path(path) == expected


def test_argument_lists_contain_every_value() -> None:
    assert list(source_uses.argument_lists([["a", "b"], ["c"], ["d", "e"]])) == [
        ("a", "c", "d"),
        ("b", "c", "d"),
        ("a", "c", "e"),
    ]
    assert list(source_uses.argument_lists([])) == [()]


def test_parsers_are_imported_lazily() -> None:
    """Parsers are imported for the first file that needs them, not with the modules."""
    import subprocess
    import sys

    code = (
        "import sys; from slimify.languages.go.sources import uses as go\n"
        "from slimify.languages.node.sources import uses as javascript\n"
        "from slimify.languages.python.sources import uses as python\n"
        "python.read('import os\\n', 'a.py'); go.read('package a\\n', 'a.go')\n"
        "print([m for m in ('libcst', 'tree_sitter') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
