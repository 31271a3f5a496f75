"""What all HTML reports share: escaping, style, scripts and the content security policy."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Any

from slimify.report.printable import printable


def frame(name: str, *scripts: str) -> Mapping[str, str]:
    """The style sheet and the script of a page, that of all pages first, and a content security policy that
    allows nothing else."""
    from slimify.render import render_page as template

    style = "\n".join(template(f"report/{path}page.css") for path in ("", f"{name}/"))
    parts = "\n".join(template(f"report/{path}.js") for path in ("page", *(f"{name}/{x}" for x in scripts)))
    script = f'"use strict";\n(() => {{\n{parts}\n}})();'
    return {"style": style, "script": script, "policy": _policy(style, script)}


def _policy(style: str, script: str) -> str:
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
