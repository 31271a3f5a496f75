"""What a Go project is called: see `Project` in languages/base.py."""

from __future__ import annotations

import re

from slimify.context.scan import Context

_MODULE = re.compile(r"^module\s+\S*?([^/\s]+?)(?:/v\d+)?\s*$", re.MULTILINE)


def name(context: Context) -> str:
    """The last part of the module's path, a major version aside."""
    found = _MODULE.search(context.text("go.mod") or "")
    return found[1] if found is not None else ""
