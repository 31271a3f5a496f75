"""Files of a build context that its ignore file excludes from `Context.files`."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from itertools import chain, islice

from msgspec.structs import replace

from slimify.context.directory_walk import file_size, files_below
from slimify.context.scan import Context, read_below
from slimify.facts.system import history_directories
from slimify.languages import installed_directories


def unfiltered_text(context: Context, path: str) -> str | None:
    """The text of a file, even if it is ignored. Bytes that are not UTF-8 become surrogate escapes.

    None for a symlink, also above it, and for a file over the size limit.
    """
    data = read_below(str(context.root), path, context.limits.text)
    return data.decode("utf-8", "surrogateescape") if data is not None else None


def ignored_files(context: Context) -> Iterator[str]:
    """The paths that the ignore file excludes, at most `limits.installed`. Installed packages and
    version control folders are left out."""
    skipped = history_directories() | installed_directories()

    def enters(path: str) -> bool:
        return posixpath.basename(path) not in skipped

    root, limits = str(context.root), context.limits
    places = (name.rstrip("/") for name in context.ignored if name.endswith("/"))
    found = (path for place in places for path, _ in files_below(root, place, limits.depth, enters))
    single = (name for name in context.ignored if not name.endswith("/"))
    return chain(single, islice(found, limits.installed))


def with_ignored_files(context: Context) -> Context:
    """The files of the directory, also those that the builder does not get."""
    if not context.ignored:
        return context
    sizes = {path: file_size(os.path.join(str(context.root), path)) for path in ignored_files(context)}
    files = {**context.files, **{path: size for path, size in sizes.items() if size is not None}}
    return replace(context, files=dict(sorted(files.items())), _texts={}, _found={})
