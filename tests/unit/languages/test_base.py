"""Rooms of shared code name no language: what is known of one is asked of its folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import slimify

ROOMS = (
    "analyze app browse cli config context engine facts fleet image lint model publish report syntax"
    " validation verify"
).split()
# Names that are never English words, anywhere in a text; those that are, where they are all of it.
NAMES = re.compile(
    r"\b(?:golang|nodejs|python[23]?|django|npm|pnpm|yarn|pip|pypi|venv|node_modules|site-packages|go\.mod"
    r"|package\.json|requirements\.txt|pyproject\.toml)\b|\A(?:go|node|js|py)\Z",
    re.IGNORECASE,
)
# About slimify itself, its own settings file, tokens, and nodes of trees and clusters.
MEANT = re.compile(
    r"pip install 'dockerfile-slimify|this Python cannot|Python 3\.14|\Apyproject\.toml\Z|npm_\\w|\Anode\Z"
)


def texts(path: Path) -> Iterator[str]:
    """The texts of a module but for docstrings, and the modules below `languages` that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(statement.value) for statement in first if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("slimify.languages."):
            yield (node.module or "").removeprefix("slimify.languages.").partition(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_it_names_no_language(room: str) -> None:
    root = Path(slimify.__file__).parent
    modules = sorted((root / room).rglob("*.py"))
    assert modules
    named = [
        f"{path.relative_to(root)}: {text[:80]!r}"
        for path in modules
        for text in texts(path)
        if NAMES.search(text) and not MEANT.search(text)
    ]
    assert not named


@pytest.mark.parametrize("text", ["go", "run npm ci", "/app/node_modules/x", "golang", "a venv", "python3"])
def test_names_are_found(text: str) -> None:
    assert NAMES.search(text)
    assert not MEANT.search(text)
