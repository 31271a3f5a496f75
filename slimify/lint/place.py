"""Locations of files relative to their repository, for reports that are read elsewhere."""

from __future__ import annotations

from pathlib import Path

from slimify import config


def place(file: Path) -> str:
    """The location of a file, relative to the root of the current repository, else of the file's own
    repository, else to the working directory; with forward slashes.

    A symlink is not followed.
    """
    here = Path.cwd()
    absolute = file.parent.resolve() / file.name
    for root in (config.repository_root(here), config.repository_root(absolute.parent), here):
        if root is not None and absolute.is_relative_to(root):
            return absolute.relative_to(root).as_posix()
    return absolute.name
