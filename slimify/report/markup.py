"""HTML escaping and the content security policy of the HTML reports."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Any

from slimify.report.printable import printable


def policy(style: str, script: str) -> str:
    """A content security policy that allows only this style sheet and this script."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash(style)}; script-src {_hash(script)}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def escaped(value: Any) -> Any:
    """`value` with all strings escaped for HTML, nested ones included, so that templates need no escaping."""
    if isinstance(value, str):
        return html.escape(printable(value))
    if isinstance(value, Mapping):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(item) for item in value]
    return value
