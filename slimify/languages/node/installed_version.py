"""The Node.js version of a base image."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = re.compile(rb"#define\s+NODE_(MAJOR|MINOR|PATCH)_VERSION\s+(\d+)")


def installed_version(path: str, text: bytes, env: Mapping[str, str | None]) -> str | None:
    parts = dict(_PART.findall(text))
    numbers = [parts[key].decode() for key in (b"MAJOR", b"MINOR", b"PATCH") if key in parts]
    return ".".join(numbers) if len(numbers) == 3 else env.get("NODE_VERSION")
