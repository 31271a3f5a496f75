"""Scripts of version managers that a shell reads."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def sourced(path: str, state: State) -> State | None:
    """`. nvm.sh`: where nvm puts its versions."""
    return state.with_setting("nvm", posixpath.dirname(path)) if path.endswith("nvm.sh") else None
