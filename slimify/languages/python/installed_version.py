"""Which Python a base image has."""

from __future__ import annotations

import re
from collections.abc import Mapping


def version(path: str, text: bytes, env: Mapping[str, str | None]) -> str | None:
    found = re.search(r"python(3\.\d+)$", path)
    return found[1] if found else env.get("PYTHON_VERSION")
