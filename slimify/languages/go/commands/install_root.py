"""The directory that Go installs and downloads to."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def install_root(state: State) -> str | None:
    """The first directory of GOPATH; by default /go in golang images, ~/go in others, and None in an image
    that is not known, which may set it."""
    value = state.get("GOPATH")
    if value is not None:
        return value.split(":")[0]
    if not state.is_unset("GOPATH"):
        return None
    if "go" in state.languages:
        return "/go"
    if not (state.manager or state.languages):
        return None
    home = state.get("HOME")
    return posixpath.join(home, "go") if home else None
