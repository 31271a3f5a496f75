"""What the HTML pages share: text that is markup nowhere, and a policy that lets nothing else be loaded."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Any

from slimify.report.words import shown


def policy(style: str, script: str) -> str:
    """The content security policy of a page with this one style sheet and this one script."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash(style)}; script-src {_hash(script)}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def escaped(value: Any) -> Any:
    """`value` with every text in it as HTML: the template can't forget one."""
    if isinstance(value, str):
        return html.escape(shown(value))
    if isinstance(value, Mapping):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(item) for item in value]
    return value
