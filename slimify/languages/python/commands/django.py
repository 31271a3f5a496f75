"""Django's management commands."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from slimify.languages.python import LANGUAGE
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call


def django(call: Call) -> tuple[Effect, ...]:
    """manage.py and django-admin: known management commands write only below the working directory."""
    action = call.first
    rows = LANGUAGE.facts("commands.toml")
    scope = rows["django"].get(action)
    if scope is None:
        return call.application_code(f"manage.py {action}".strip())
    if not scope:
        return call.effect("check", f"manage.py {action}")
    writes: tuple[Arg | str, ...] = (".",)
    rest: dict[str, Any] = {"tools": tuple(rows["django_starts"].get(action, "").split())}
    if action == "collectstatic":
        roots, sure = _static_roots(call)
        writes = (".", *roots)
        rest |= {} if sure else {"why": Reason.of("SL221", "static_root")}
    return call.write_effect("app", f"manage.py {action}", writes=writes, **rest)


def _static_roots(call: Call) -> tuple[tuple[str, ...], bool]:
    """The absolute STATIC_ROOTs in settings modules, and whether any settings were found."""
    if call.state.cwd is None:
        return (), False
    roots: dict[str, None] = {}
    seen = False
    for path in call.state.view.under(call.state.cwd):
        if not re.search(r"settings(?:/[^/]*)?\.py\Z|/settings/", path):
            continue
        text = call.state.view.text(path) or ""
        for value in re.findall(r"(?m)^\s*STATIC_ROOT\s*=\s*(.+(?:\n[ \t)].*)*)", text):
            seen = True
            absolute = re.search(r"[\"'](/[^\"']*)[\"']", value)
            if absolute and not re.search(r"BASE_DIR|join", value):
                roots[absolute[1].rstrip("/") or "/"] = None
            if re.search(r"\.parent|dirname|\.\.", value):
                roots[posixpath.dirname(call.state.cwd)] = None
    return tuple(roots), seen
