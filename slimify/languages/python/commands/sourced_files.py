"""Scripts of virtual environments that a shell reads."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def sourced(path: str, state: State) -> State | None:
    """`. DIRECTORY/bin/activate`: its programs are found first."""
    if not path.endswith("/bin/activate"):
        return None
    venv = posixpath.dirname(posixpath.dirname(path))
    found = {"VIRTUAL_ENV": venv, "PATH": f"{venv}/bin:{state.get('PATH') or ''}"}
    return state.with_env(found).with_setting(f"venv {venv}", "1")
