"""The Python version of a base image."""

from __future__ import annotations

import re
from collections.abc import Mapping


def installed_version(path: str, text: bytes, env: Mapping[str, str | None]) -> str | None:
    found = re.search(r"python(3\.\d+)$", path)
    return found[1] if found else env.get("PYTHON_VERSION")
