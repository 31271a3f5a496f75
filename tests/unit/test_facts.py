"""Tables of facts, shared and of the languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import ROOT

from slimify.facts import load, merged
from slimify.languages import LANGUAGES

FOLDERS = [ROOT / "slimify" / "facts", *sorted((ROOT / "slimify" / "languages").glob("*/facts"))]
TABLES = [path for folder in FOLDERS for path in sorted(folder.glob("*.toml"))]


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.relative_to(ROOT / "slimify").as_posix())
def test_a_table_says_where_it_is_from(table: Path) -> None:
    head = table.read_text("utf-8").split("\n\n[", 1)[0]
    assert re.search(r"(?i)\bsources?\b|\bread on\b|\btried\b|\bwritten by hand\b", head)


def test_rows_of_languages_come_first() -> None:
    own = [row for known in LANGUAGES for row in known.facts("waste.toml")["caches"]]
    assert own
    assert merged("waste.toml")["caches"] == [*own, *load("waste.toml")["caches"]]
    assert merged("waste.toml")["floors"] == load("waste.toml")["floors"]


def test_tables_of_languages_are_joined() -> None:
    caches = merged("builders.toml")["cache"]
    assert {"apt", "go", "npm", "pip"} <= caches.keys()
    assert merged("images.toml")["official"].keys() == {"golang", "node", "python"}
