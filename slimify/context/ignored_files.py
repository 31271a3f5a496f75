"""Files of a build context that its ignore file excludes from `Context.files`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from msgspec.structs import replace

from slimify.context.scan import Context
from slimify.facts.system import history_directories
from slimify.languages import installed_directories


def unfiltered_text(context: Context, path: str) -> str | None:
    """The text of a file, even if it is ignored. Bytes that are not UTF-8 become surrogate escapes.

    None for a symlink and for a file over the size limit.
    """
    full = os.path.join(str(context.root), path)
    try:
        if os.path.islink(full) or os.path.getsize(full) > context.limits.text:
            return None
        with open(full, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def ignored_files(context: Context) -> Iterator[str]:
    """The paths that the ignore file excludes, at most `limits.installed`. Installed packages and
    version control folders are left out."""
    skipped = history_directories() | installed_directories()
    root, left = str(context.root), context.limits.installed
    for name in context.ignored:
        if not name.endswith("/"):
            yield name
            continue
        for directory, below, names in os.walk(os.path.join(root, name)):
            below[:] = [d for d in below if d not in skipped]
            left -= len(names)
            if left < 0:
                return
            yield from (os.path.relpath(os.path.join(directory, n), root) for n in names)


def with_ignored_files(context: Context) -> Context:
    """The files of the directory, also those that the builder does not get."""
    if not context.ignored:
        return context
    sizes: dict[str, int] = {}
    for path in ignored_files(context):
        full = os.path.join(str(context.root), path)
        if os.path.isfile(full) and not os.path.islink(full):
            sizes[path] = os.path.getsize(full)
    return replace(context, files=dict(sorted({**context.files, **sizes}.items())), _texts={}, _found={})
