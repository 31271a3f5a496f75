"""Files of a build context that its `Context` does not tell of: ignored ones, with every byte kept."""

from __future__ import annotations

import os
from collections.abc import Iterator

from slimify.context.scan import Context
from slimify.languages import installed_directories

_HISTORIES = frozenset({".git", ".hg", ".svn", ".bzr"})


def raw_text(context: Context, path: str) -> str | None:
    """The text of a file, ignored or not, odd bytes as surrogates; None for a link and over the limit."""
    full = os.path.join(str(context.root), path)
    try:
        if os.path.islink(full) or os.path.getsize(full) > context.limits.text:
            return None
        with open(full, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def hidden_files(context: Context) -> Iterator[str]:
    """What the ignore file keeps out, installed packages and histories left aside; at most
    `limits.installed` files."""
    aside = _HISTORIES | installed_directories()
    root, left = str(context.root), context.limits.installed
    for name in context.ignored:
        if not name.endswith("/"):
            yield name
            continue
        for directory, below, names in os.walk(os.path.join(root, name)):
            below[:] = [d for d in below if d not in aside]
            left -= len(names)
            if left < 0:
                return
            yield from (os.path.relpath(os.path.join(directory, n), root) for n in names)
