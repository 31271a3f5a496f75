"""What slimify knows about images, packages and commands: data, not code.

Each file beside this one holds one kind of fact and says where it comes from and when. TOML is
written by hand, JSON is generated (tests/tools/refresh_*.py) because TOML takes 15 times as
long for it. A file is read when the first question about it is asked, once per process.
What is about one language lies in its folder, `languages/<language>/facts`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import tomli
from msgspec import json


@cache
def load(name: str) -> dict[str, Any]:
    """The content of a facts file, e.g. `images.toml`; callers must not change it.

    Raises FileNotFoundError for a name that is not there: a broken installation.
    """
    return load_file(Path(__file__).parent / name)


@cache
def load_file(path: Path) -> dict[str, Any]:
    """The content of a TOML or JSON file with facts, wherever it is; callers must not change it."""
    raw = path.read_bytes()
    content: dict[str, Any] = json.decode(raw) if path.suffix == ".json" else tomli.loads(raw.decode())
    return content


@cache
def merged(name: str) -> dict[str, Any]:
    """The content of a facts file with that of the files of the same name in the languages' folders: tables
    are joined, and of lists, the languages' rows come first. Callers must not change it."""
    from slimify.languages import languages

    found: dict[str, Any] = {}
    for table in (*(known.facts(name) for known in languages()), load(name)):
        found = _joined(found, table)
    return found


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, dict):
        return {**first, **{k: _joined(first[k], v) if k in first else v for k, v in second.items()}}
    return [*first, *second] if isinstance(first, list) else second
