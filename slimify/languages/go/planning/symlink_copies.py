"""Targets of symlinks in the context: a link copied without its target would dangle."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from slimify.context.scan import Context
from slimify.semantics.paths import inside


def with_link_targets(context: Context, source: str, place: str, entries: Iterable[str]) -> tuple[str, ...]:
    """The given entries of a context directory, extended by the entries that links in them point to.
    `place` is the image directory that `source` is copied to."""
    found = dict.fromkeys(entries)
    prefix = source + "/" if source else ""
    todo = list(found)
    while todo:
        entry = prefix + todo.pop()
        for link in (name for name in context.symlinks if inside(name, entry)):
            target = _link_target(context, prefix, place, link)
            if target.startswith(prefix) and target != prefix:
                other = target[len(prefix) :].partition("/")[0]
                if other not in (".", "..", *found) and context.has(prefix + other):
                    found[other] = None
                    todo.append(other)
    return tuple(found)


def _link_target(context: Context, prefix: str, place: str, link: str) -> str:
    """The context path that a link points to, resolved by one step."""
    target = context.symlinks[link]
    if target.startswith("/"):
        return prefix + posixpath.relpath(target, place) if inside(target, place) else ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(link), target))
