"""The Go version of a base image."""

from __future__ import annotations

import re
from collections.abc import Mapping


def installed_version(path: str, text: bytes, env: Mapping[str, str | None]) -> str | None:
    number = re.match(r"go(\d+(?:\.\d+)*)", text.decode("utf-8", "replace"))
    return number[1] if number else env.get("GOLANG_VERSION")
