"""The repository that a build context belongs to: its root, and the files that git ignores.

The root is the directory with `.git`, the context's own or one above. Without one, nothing above the context
is read.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import deque
from collections.abc import Collection
from functools import cache, cached_property
from pathlib import Path

from msgspec import Struct

from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context
from slimify.facts.system import deployment_directories

_MAX_FILES = 2_000  # of those above the context
_MAX_DEPTH = 4  # of the directories beside the context that are searched
_MAX_BESIDE = 2_000  # directories beside the context that are searched for files by name
_MAX_ABOVE = 12  # directories above the context that are searched for .git
_MAX_BYTES = 1 << 18


class Repository(Struct, frozen=True, kw_only=True, dict=True):
    """The root of a repository, and the path of the context below it ("" if they are the same)."""

    root: Path
    prefix: str = ""

    def ignores(self, path: str) -> bool:
        """Whether git ignores a path of the context: whether it exists depends on the checkout."""
        full = posixpath.join(self.prefix, path)
        return _rules(self.root, posixpath.dirname(full)).ignores(full)

    @cached_property
    def files(self) -> Context:
        """The files of the directories above the context, and of those beside it that say how images are
        built and run: CI workflows, deployments."""
        found: dict[str, int] = {}
        parts = self.prefix.split("/") if self.prefix else []
        for depth in range(len(parts)):
            above = "/".join(parts[:depth])
            _list_files(self.root, above, found, 0)
            for name in deployment_directories():
                if name != parts[depth]:
                    _list_files(self.root, posixpath.join(above, name), found, _MAX_DEPTH)
        return Context(root=self.root, files=dict(sorted(found.items())))

    def beside(self, name: re.Pattern[str], left_out: Collection[str]) -> Context:
        """The files outside the context with a name that matches, down to a depth. Directories with a name
        that is left out are not searched."""
        found: dict[str, int] = {}
        queue = deque([("", 0)])
        for _ in range(_MAX_BESIDE):
            if not queue:
                break
            directory, depth = queue.popleft()
            for entry in _entries(self.root, directory):
                path = posixpath.join(directory, entry.name)
                if entry.is_file(follow_symlinks=False) and name.fullmatch(entry.name):
                    found[path] = entry.stat(follow_symlinks=False).st_size
                elif entry.name in left_out or path == self.prefix or depth == _MAX_DEPTH:
                    continue
                elif entry.is_dir(follow_symlinks=False):
                    queue.append((path, depth + 1))
        return Context(root=self.root, files=dict(sorted(found.items())))


def repository_of(directory: Path) -> Repository:
    """The repository of a context directory; one without `.git` is taken for its own."""
    found = next((d for d in (directory, *directory.parents[:_MAX_ABOVE]) if _is_root(d)), directory)
    return Repository(
        root=found, prefix="" if found == directory else directory.relative_to(found).as_posix()
    )


def _list_files(root: Path, directory: str, found: dict[str, int], depth: int) -> None:
    """Adds the files of a directory, and of those below it down to a depth. Links are not followed."""
    for entry in _entries(root, directory):
        path = posixpath.join(directory, entry.name)
        if len(found) >= _MAX_FILES:
            return
        if entry.is_file(follow_symlinks=False):
            found[path] = entry.stat(follow_symlinks=False).st_size
        elif depth and entry.is_dir(follow_symlinks=False):
            _list_files(root, path, found, depth - 1)


def _entries(root: Path, directory: str) -> list[os.DirEntry[str]]:
    """The entries of a directory, sorted; none for a link to one, and for one that can't be read."""
    full = os.path.join(root, directory) if directory else str(root)
    try:
        if os.path.realpath(full) != full:
            return []
        with os.scandir(full) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


@cache
def _rules(root: Path, directory: str) -> IgnoreRules:
    """The rules of each .gitignore from the root down to a directory."""
    parts = directory.split("/") if directory else []
    lines: list[str] = []
    for depth in range(len(parts) + 1):
        place = "/".join(parts[:depth])
        rows = _text(root / place / ".gitignore").splitlines()
        lines += (line for row in rows if (line := _as_ignore_rule(row, place)))
    return IgnoreRules.parse("\n".join(lines))


def _is_root(directory: Path) -> bool:
    """A home directory under version control holds settings, not a project."""
    home = os.path.expanduser("~")
    return os.path.lexists(directory / ".git") and str(directory) not in (home, directory.anchor)


def _as_ignore_rule(line: str, directory: str) -> str:
    """A line of a .gitignore in this directory as a rule of a .dockerignore at the root; "" for a comment.

    A pattern without a slash, other than at its end, matches at any depth (gitignore(5)).
    """
    line = line.rstrip()
    if not line or line.startswith("#"):
        return ""
    exception = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").removeprefix("\\").rstrip("/")
    anchored = "/" in pattern
    return exception + posixpath.join(directory, "" if anchored else "**", pattern.lstrip("/"))


def _text(path: Path) -> str:
    try:
        if path.is_symlink() or path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
