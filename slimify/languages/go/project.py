"""What a Go project says about itself: see `Project` in languages/parts.py."""

from __future__ import annotations

import re

from slimify.context.scan import Context
from slimify.model.regex import regex

_MODULE = regex(r"^module\s+\S*?([^/\s]+?)(?:/v\d+)?\s*$", re.MULTILINE)


def project_name(context: Context) -> str:
    """The last part of the module path, without a major version suffix."""
    found = _MODULE.search(context.text("go.mod") or "")
    return found[1] if found is not None else ""


def project_programs(context: Context) -> tuple[str, ...]:
    """The program of the main package at the root, which has the name of the project."""
    name = project_name(context)
    return (name,) if name else ()
