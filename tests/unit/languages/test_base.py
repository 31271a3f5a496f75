"""Shared code names no language: what is known of one is asked of its folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import slimify
from slimify.languages import languages, programs

ROOT = Path(slimify.__file__).parent
# A folder, or a module beside the folders.
ROOMS = sorted({path.relative_to(ROOT).parts[0] for path in ROOT.rglob("*.py")} - {"languages"})
# Names that are never English words, anywhere in a text. `words` has the others: they count as a whole text.
NAMES = re.compile(
    r"\b(?:golang|nodejs|python[23]?|django|npm|pnpm|yarn|pip|pypi|venv|node_modules|site-packages|go\.mod"
    r"|package\.json|requirements\.txt|pyproject\.toml)\b|(?<![\w.])/go(?:/|\Z)|slimify\.languages\.\w|\A(?:js|py)\Z",
    re.IGNORECASE,
)
# (module, text in it): what is meant is no language.
MEANT = {
    ("browse/__init__.py", "pip install 'dockerfile-slimify[tui]'"),  # slimify's own dependency
    ("browse/stack.py", "node"),  # of a tree
    ("cli/hunks.py", "n"),  # the answer no
    ("config/files.py", "pyproject.toml"),  # slimify's own settings
    ("context/build_scripts/jenkinsfile.py", "n"),  # the end of a line, behind a backslash
    ("fleet/warm.py", "go.mod"),  # files that a new process reads once, so that others start warm
    ("fleet/warm.py", "FROM "),
    ("fleet/warm.py", "package.json"),
    ("image/streams.py", "this Python cannot read"),  # the one that runs slimify
    ("image/streams.py", "Python 3.14"),
    ("lsp/__init__.py", "pip install 'dockerfile-slimify[lsp]'"),  # slimify's own dependency
    ("report/analysis/text.py", "node"),  # of a tree
    ("report/printable.py", "npm_"),  # how secret tokens begin
}


@cache
def words() -> frozenset[str]:
    """Names of languages, of their package managers, and of the programs that their folders know."""
    found: set[str] = set()
    for known in languages():
        found |= {known.name, known.title, *known.image_names, *known.managers}
    return frozenset({*found, *programs()})


def names_a_language(text: str) -> bool:
    return text in words() or NAMES.search(text) is not None


def texts(path: Path) -> Iterator[str]:
    """The texts of a module but for docstrings, and the modules below `languages` that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(statement.value) for statement in first if isinstance(statement, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in imported:
            if module.startswith("slimify.languages.") and module.split(".")[2] not in ("base", "parts"):
                yield module


@pytest.mark.parametrize("room", ROOMS)
def test_it_names_no_language(room: str) -> None:
    place = ROOT / room
    named = [
        f"{module}: {text[:80]!r}"
        for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])
        for module in [path.relative_to(ROOT).as_posix()]
        for text in texts(path)
        if names_a_language(text) and not any(module == where and part in text for where, part in MEANT)
    ]
    assert not named


def test_all_rooms_are_looked_at() -> None:
    assert {"analysis", "planning", "semantics", "verify", "pipeline.py"} <= set(ROOMS)


@pytest.mark.parametrize(("module", "part"), sorted(MEANT))
def test_an_exception_is_needed(module: str, part: str) -> None:
    assert any(part in text and names_a_language(text) for text in texts(ROOT / module))


@pytest.mark.parametrize(
    "text",
    [
        *("go", "node", "Node.js", "uv", "gunicorn", "golang", "python3", "run npm ci", "a venv"),
        *("/app/node_modules/x", "/go/pkg", "slimify.languages.go.linking"),
    ],
)
def test_names_are_found(text: str) -> None:
    assert names_a_language(text)


@pytest.mark.parametrize("text", ["nodes", "category", "/google", "go on", "slimify.languages", "pipe"])
def test_words_are_none(text: str) -> None:
    assert not names_a_language(text)
