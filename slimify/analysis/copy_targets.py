"""The image paths that a COPY or ADD creates."""

from __future__ import annotations

import posixpath

from slimify.semantics.context_files import ContextView
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts
from slimify.syntax.dockerfile.words import expand


def copy_targets(visit: Visit) -> tuple[str, ...] | None:
    """The paths it creates: the directory that receives the content, or single files.

    None if the destination is not known.
    """
    parts = copy_parts(visit.instruction)
    state = visit.state
    known = state.known_env
    dest = expand(parts.dest, known)
    if dest is None or ("$" in parts.dest and not dest):
        return None
    if not dest.startswith("/") and state.cwd is None:
        return None
    place = "/" + posixpath.normpath(posixpath.join(state.cwd or "/", dest)).lstrip("/")
    if parts.from_stage is not None or visit.instruction.heredocs:
        return (place,)
    view = only_this_copy(visit)
    if not view.copies:
        return (place,)
    if any(item.directory for item in view.copies):
        return (place,)
    return tuple(dict.fromkeys(item.target for item in view.copies))


def copied_files(visit: Visit) -> frozenset[str] | None:
    """The image paths of all files that it copies from the context; None if not known."""
    if copy_parts(visit.instruction).from_stage is not None or visit.instruction.heredocs:
        return None
    view = only_this_copy(visit)
    if not view.copies:
        return None
    return frozenset(view.under("/"))


def only_this_copy(visit: Visit) -> ContextView:
    """The view as if this were the only COPY, with the directories that exist before it."""
    parts = copy_parts(visit.instruction)
    state = visit.state
    known = state.known_env
    dest = expand(parts.dest, known) or parts.dest
    empty = ContextView(context=state.view.context, directories=state.view.directories)
    return empty.with_copy(
        [expand(s, known) or s for s in parts.sources],
        dest,
        state.cwd,
        add=visit.instruction.keyword == "ADD",
    )
