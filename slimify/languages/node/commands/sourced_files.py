"""Scripts of version managers that a shell sources."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def state_after(path: str, state: State) -> State | None:
    """`. nvm.sh`: sets the directory where nvm installs versions."""
    return state.with_setting("nvm", posixpath.dirname(path)) if path.endswith("nvm.sh") else None
