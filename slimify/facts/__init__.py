"""What slimify knows about images, packages and commands: data, not code.

Each file beside this one holds one kind of fact and says where it comes from and when. TOML is
written by hand, JSON is generated (tests/tools/refresh_*.py) because TOML takes 15 times as
long for it. A file is read when the first question about it is asked, once per process.
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
