"""Where a file is for those who read a report elsewhere: below the root of its repository."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from slimify import config


class Place(Struct, frozen=True):
    """A file as `path` below `root`, with slashes."""

    root: Path
    path: str


def place(file: Path) -> Place:
    """Below the root of the repository that one works in, else of its own; without any, as seen from here.

    A file that is a link is where the link is.
    """
    here = Path.cwd()
    absolute = file.parent.resolve() / file.name
    for root in (config.repository_root(here), config.repository_root(absolute.parent), here):
        if root is not None and absolute.is_relative_to(root):
            return Place(root, absolute.relative_to(root).as_posix())
    return Place(absolute.parent, absolute.name)
