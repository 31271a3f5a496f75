"""Lists the directories of a build context, and of the repository around it, within limits."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Iterator

from msgspec import Struct

from slimify.config import disk
from slimify.config.read_file import MOST_BYTES
from slimify.context.ignore_rules import IgnoreRules
from slimify.facts.system import history_directories
from slimify.languages import installed_directories


class Limits(Struct, frozen=True, kw_only=True):
    """How much of a context is read, in directory entries and bytes."""

    entries: int = 400_000  # in the whole context
    installed: int = 5_000  # in all node_modules and virtual environments together
    ignored: int = 1_000  # ignored paths remembered by name
    text: int = MOST_BYTES  # bytes of one file read by `Context.text`
    depth: int = 200  # of nested directories


class Walk:
    """The state of one walk through the directory."""

    def __init__(self, root: str, ignore: IgnoreRules, limits: Limits) -> None:
        self.root, self.ignore, self.limits = root, ignore, limits
        self.files: dict[str, int] = {}
        self.symlinks: dict[str, str] = {}
        self.directories: set[str] = set()
        self.executables: set[str] = set()
        self.ignored: list[str] = []
        self.skipped: set[str] = set()
        self.notes: list[str] = []
        self.entries = 0
        self.installed = 0

    def run(self) -> None:
        # Breadth first, so that a limit cuts off the deepest directories.
        level: list[tuple[str, bool, bool]] = [("", False, False)]
        depth = 0
        while level:
            following: list[tuple[str, bool, bool]] = []
            for directory, ignored, installed in level:
                following.extend(self._list(directory, ignored, installed))
            depth += 1
            if depth > self.limits.depth and following:
                self._skip(following[0][0], f"directories below {self.limits.depth} levels are not listed")
                self.skipped.update(name for name, _, _ in following)
                return
            level = following

    def _list(self, directory: str, ignored: bool, installed: bool) -> Iterator[tuple[str, bool, bool]]:
        """Record the entries of one directory. Yields the directories to list next."""
        if self.entries >= self.limits.entries:
            self._skip(directory, f"more than {self.limits.entries} entries: the rest is not listed")
            return
        if installed and self.installed >= self.limits.installed:
            self._skip(
                directory, f"more than {self.limits.installed} installed files: {directory} is not listed"
            )
            return
        try:
            entries = disk.entries(os.path.join(self.root, directory) if directory else self.root)
        except OSError as error:
            self._skip(directory, f"{directory or '.'} cannot be listed: {error.strerror}")
            return
        self.entries += len(entries)
        self.installed += len(entries) if installed else 0
        environment = any(entry.name == "pyvenv.cfg" for entry in entries)
        for entry in entries:
            path = f"{directory}/{entry.name}" if directory else entry.name
            try:
                below = self._record(entry, path, ignored)
            except OSError as error:
                self.notes.append(f"{path} cannot be read: {error.strerror}")
                continue
            if below is not None:
                yield path, below, installed or environment or entry.name in installed_directories()

    def _record(self, entry: os.DirEntry[str], path: str, parent_ignored: bool) -> bool | None:
        """Record one entry. For a directory to be listed, returns whether it is ignored itself."""
        ignored = self.ignore.ignores(path)
        is_directory = entry.is_dir(follow_symlinks=False)
        if ignored:
            if not parent_ignored and len(self.ignored) < self.limits.ignored:
                self.ignored.append(path + "/" if is_directory else path)
            return True if is_directory and self.ignore.may_reinclude(path) else None
        self._add_parents(path)
        if entry.is_symlink():
            self.symlinks[path] = os.readlink(entry.path)
            return None
        if is_directory:
            self.directories.add(path)
            if entry.name in history_directories():  # known to exist, but not listed
                self.skipped.add(path)
                return None
            return False
        info = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(info.st_mode):
            self.files[path] = info.st_size
            if info.st_mode & 0o111:
                self.executables.add(path)
        return None

    def _add_parents(self, path: str) -> None:
        """Add the ignored parent directories of a re-included path."""
        parent = posixpath.dirname(path)
        while parent and parent not in self.directories:
            self.directories.add(parent)
            parent = posixpath.dirname(parent)

    def _skip(self, directory: str, note: str) -> None:
        self.skipped.add(directory)
        if note not in self.notes and len(self.notes) < self.limits.ignored:
            self.notes.append(note)


def files_below(
    root: str, start: str, depth: int, enters: Callable[[str], bool] = bool
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files in a directory below `root`, and down to a depth in those below it that `enters` accepts.

    Each comes with its entry, those of the nearest directories first. Links are not followed, not even to
    the first directory, and what can't be listed is left out.
    """
    full = os.path.join(root, start) if start else root
    level = [start] if disk.real(full) == full else []
    for _ in range(depth + 1):
        following: list[str] = []
        for directory in level:
            for entry in _entries(os.path.join(root, directory) if directory else root):
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_file(follow_symlinks=False):
                    yield path, entry
                elif entry.is_dir(follow_symlinks=False) and enters(path):
                    following.append(path)
        level = following


def file_size(file: str | os.DirEntry[str]) -> int | None:
    """The size of a regular file, None if it is gone meanwhile or can't be read."""
    try:
        info = disk.status(file, False) if isinstance(file, str) else file.stat(follow_symlinks=False)
    except OSError:
        return None
    return info.st_size if info is not None and stat.S_ISREG(info.st_mode) else None


def _entries(full: str) -> list[os.DirEntry[str]]:
    """The entries of a directory, sorted; none of one that can't be read."""
    try:
        return disk.entries(full)
    except OSError:
        return []
