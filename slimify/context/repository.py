"""The repository that a build context belongs to: its root, and the files that git ignores.

The root is the directory with `.git`, the context's own or one above. Without one, nothing above the context
is read.
"""

from __future__ import annotations

import os
import posixpath
from functools import cache, cached_property
from pathlib import Path

from msgspec import Struct

from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context, Limits, list_all

_ABOVE = Limits(entries=20_000, installed=0, text=1 << 18, depth=8)  # of the files above the context
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
        """The files of the repository, as far as the limits allow."""
        return list_all(self.root, _ABOVE)


def repository_of(directory: Path) -> Repository:
    """The repository of a context directory; one without `.git` is taken for its own."""
    found = next((d for d in (directory, *directory.parents[:_MAX_ABOVE]) if _is_root(d)), directory)
    return Repository(
        root=found, prefix="" if found == directory else directory.relative_to(found).as_posix()
    )


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
