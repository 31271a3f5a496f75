"""What symbolic links of the context lead to: a link that is copied without it would lead nowhere."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from slimify.context.scan import Context
from slimify.semantics.paths import inside


def with_link_targets(context: Context, source: str, place: str, entries: Iterable[str]) -> tuple[str, ...]:
    """Some entries of a directory of the context, with further ones that links in them lead to. `place` is
    the directory of the image that `source` is copied to."""
    found = dict.fromkeys(entries)
    prefix = source + "/" if source else ""
    todo = list(found)
    while todo:
        entry = prefix + todo.pop()
        for link in (name for name in context.symlinks if inside(name, entry)):
            target = _target(context, prefix, place, link)
            if target.startswith(prefix) and target != prefix:
                other = target[len(prefix) :].partition("/")[0]
                if other not in found and context.has(prefix + other):
                    found[other] = None
                    todo.append(other)
    return tuple(found)


def _target(context: Context, prefix: str, place: str, link: str) -> str:
    """Where a link leads to, one step of it, in the context."""
    target = context.symlinks[link]
    if target.startswith("/"):
        return prefix + posixpath.relpath(target, place) if inside(target, place) else ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(link), target))
