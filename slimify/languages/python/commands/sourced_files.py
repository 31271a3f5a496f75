"""Scripts of virtual environments that a shell sources."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def state_after(path: str, state: State) -> State | None:
    """`. DIRECTORY/bin/activate`: puts its programs first in PATH."""
    if not path.endswith("/bin/activate"):
        return None
    venv = posixpath.dirname(posixpath.dirname(path))
    found = {"VIRTUAL_ENV": venv, "PATH": f"{venv}/bin:{state.get('PATH') or ''}"}
    return state.with_env(found).with_setting(f"venv {venv}", "1")
