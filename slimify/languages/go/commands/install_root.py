"""The directory that Go installs and downloads to."""

from __future__ import annotations

import posixpath

from slimify.semantics.effects.state import State


def install_root(state: State) -> str | None:
    """The first directory of GOPATH; by default /go in golang images, ~/go in others. An image that is not
    known may set it: there it is the directory below whose `src` the context is copied by an import path, and
    None without one."""
    value = state.get("GOPATH")
    if value is not None:
        return value.split(":")[0]
    if state.is_unset("GOPATH") and "go" in state.languages:
        return "/go"
    if state.is_unset("GOPATH") and (state.manager or state.languages):
        home = state.get("HOME")
        return posixpath.join(home, "go") if home else None
    places = (c.target.partition("/src/") for c in state.view.copied_directories)
    return next((root for root, _, path in places if root and "." in path.partition("/")[0]), None)
