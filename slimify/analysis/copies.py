"""What a COPY or ADD makes in the image."""

from __future__ import annotations

import posixpath

from slimify.semantics.context_files import View
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts
from slimify.syntax.dockerfile.words import expand


def copy_targets(visit: Visit) -> tuple[str, ...] | None:
    """The image paths that it makes: a directory whose content arrives, or single files.

    None when the destination is not known.
    """
    parts = copy_parts(visit.instruction)
    state = visit.state
    known = {name: value for name, value in state.env.items() if value is not None}
    dest = expand(parts.dest, known)
    if dest is None or ("$" in parts.dest and not dest):
        return None
    if not dest.startswith("/") and state.cwd is None:
        return None
    place = "/" + posixpath.normpath(posixpath.join(state.cwd or "/", dest)).lstrip("/")
    if parts.from_stage is not None or visit.instruction.heredocs:
        return (place,)
    view = _alone(visit)
    if not view.placed:
        return (place,)
    if any(item.directory for item in view.placed):
        return (place,)
    return tuple(dict.fromkeys(item.target for item in view.placed))


def copied_files(visit: Visit) -> frozenset[str] | None:
    """The image paths of every single file that it copies from the context; None if not known."""
    if copy_parts(visit.instruction).from_stage is not None or visit.instruction.heredocs:
        return None
    view = _alone(visit)
    if not view.placed:
        return None
    return frozenset(view.under("/"))


def _alone(visit: Visit) -> View:
    """The view as if this were the only COPY, with the directories known before it."""
    parts = copy_parts(visit.instruction)
    state = visit.state
    known = {name: value for name, value in state.env.items() if value is not None}
    dest = expand(parts.dest, known) or parts.dest
    empty = View(context=state.view.context, directories=state.view.directories)
    return empty.with_copy(
        [expand(s, known) or s for s in parts.sources],
        dest,
        state.cwd,
        add=visit.instruction.keyword == "ADD",
    )
