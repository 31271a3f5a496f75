"""The repository that a build context belongs to: its root, and the files that git ignores.

The root is the directory with `.git`, the context's own or one above. In sources without history it is the
nearest directory above with a file that builds the context as an image. Without one, nothing above is read.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property, partial
from itertools import count, islice, takewhile
from pathlib import Path

from msgspec import Struct, field

from slimify.config import disk
from slimify.context.directory_walk import file_size, files_below
from slimify.context.git_index import tracked_paths
from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context, Contexts, kept, read_below
from slimify.facts.system import deployment_directories
from slimify.model.regex import regex

_MAX_FILES = 2_000  # of those above the context
_MAX_DEPTH = 4  # of the directories beside the context that are searched
_MAX_BESIDE = 2_000  # directories beside the context that are searched for files by name
_MAX_ABOVE = 12  # directories above the context that are searched for the root
_MAX_BYTES = 1 << 18
_BUILDS_IMAGES = regex(
    r"(?:docker-)?(?:compose|stack|bake)[\w.-]*\.(?:ya?ml|hcl|json)|(?:GNUm|M|m)akefile|Jenkinsfile"
)


_IGNORED_FILE = regex(r"[^#!*?\[][^*?\[]*(?<!/)")  # a line with the name of a file


class Repository(Struct, frozen=True, kw_only=True, dict=True):
    """The root of a repository, and the path of the context below it ("" if they are the same)."""

    root: Path
    prefix: str = ""
    versioned: bool = True  # or the context itself
    shared: Contexts = field(default_factory=dict)  # see `scan`

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user has to know about the choice of the root."""
        if self.versioned:
            return ()
        place = posixpath.relpath(".", self.prefix)
        return (f"{place} of the context counts as the repository: a file there builds the image",)

    def ignores(self, path: str) -> bool:
        """Whether git ignores a path of the context: whether it exists depends on the checkout. A tracked one
        is not ignored, whatever the rules say (gitignore(5))."""
        full = posixpath.join(self.prefix, path)
        return self._rules(posixpath.dirname(full)).ignores(full) and not self.tracks(path)

    def tracks(self, path: str) -> bool:
        """Whether git is known to track a path of the context."""
        return posixpath.join(self.prefix, path) in self._tracked

    def _rules(self, directory: str) -> IgnoreRules:
        """The rules of each .gitignore from the root down to a directory."""
        passed: list[str] = []
        while directory and directory not in self._found_rules and not self._has_rules(directory):
            passed.append(directory)
            directory = posixpath.dirname(directory)
        if directory not in self._found_rules:
            lines = (as_ignore_rule(line, place) for place, line in _ignore_lines(self.root, directory))
            self._found_rules[directory] = IgnoreRules.parse("\n".join(filter(None, lines)))
        found = self._found_rules[directory]
        self._found_rules.update(dict.fromkeys(passed, found))  # those below have none of their own
        return found

    def _has_rules(self, directory: str) -> bool:
        return read_below(str(self.root), f"{directory}/.gitignore", _MAX_BYTES) is not None

    @cached_property
    def _found_rules(self) -> dict[str, IgnoreRules]:
        return {}

    @cached_property
    def _tracked(self) -> frozenset[str]:
        return tracked_paths(self.root)

    @cached_property
    def ignored_names(self) -> tuple[str, ...]:
        """The paths of the context that git ignores by name: files that are there in some checkouts."""
        found: dict[str, None] = {}
        for place, line in _ignore_lines(self.root, self.prefix):
            name = line.strip()
            if _IGNORED_FILE.fullmatch(name):
                above = place if "/" in name else self.prefix  # without a slash it matches at any depth
                found[posixpath.relpath(posixpath.join(above, name.lstrip("/")), self.prefix or ".")] = None
        return tuple(path for path in found if not path.startswith(".."))

    @cached_property
    def files(self) -> Context:
        """The files of the directories above the context, and of those beside it that say how images are
        built and run: CI workflows, deployments."""
        parts = self.prefix.split("/") if self.prefix else []
        above = ["/".join(parts[:depth]) for depth in range(len(parts))]
        beside = (
            posixpath.join(place, name)
            for place, own in zip(above, parts, strict=True)
            for name in deployment_directories()
            if name != own
        )
        places = (*((place, 0) for place in above), *((place, _MAX_DEPTH) for place in beside))
        found = (row for place, depth in places for row in files_below(str(self.root), place, depth))
        # those beside each other have the same surroundings, whose scripts are read once
        return kept(
            self.shared, ("around", self.root, places), lambda: self._context(islice(found, _MAX_FILES))
        )

    def beside(self, name: re.Pattern[str], left_out: Collection[str]) -> Context:
        """The files outside the context with a name that matches, down to a depth. Directories with a name
        that is left out are not searched."""
        searched = count()

        def enters(path: str) -> bool:
            outside = path != self.prefix and posixpath.basename(path) not in left_out
            return outside and next(searched) < _MAX_BESIDE

        found = files_below(str(self.root), "", _MAX_DEPTH, enters)
        return self._context((path, entry) for path, entry in found if name.fullmatch(entry.name))

    def _context(self, found: Iterable[tuple[str, os.DirEntry[str]]]) -> Context:
        sizes = {path: size for path, entry in found if (size := file_size(entry)) is not None}
        return Context(root=self.root, files=dict(sorted(sizes.items())))


def repository_of(directory: Path, shared: Contexts | None = None) -> Repository:
    """The repository of a context directory; one that nothing above claims is taken for its own. `shared` is
    that of `scan`."""
    above = directory.parents[:_MAX_ABOVE]
    found = next((d for d in (directory, *above) if _is_root(d)), None)
    own = takewhile(partial(_has_owner_of, directory), above)
    root = found or next((d for d in own if _builds(d, directory)), directory)
    prefix = "" if root == directory else directory.relative_to(root).as_posix()
    versioned = found is not None or not prefix
    return Repository(root=root, prefix=prefix, versioned=versioned, shared={} if shared is None else shared)


def _ignore_lines(root: Path, directory: str) -> Iterator[tuple[str, str]]:
    """The lines of each .gitignore from the root down to a directory, with the place of the file."""
    parts = directory.split("/") if directory else []
    for depth in range(len(parts) + 1):
        place = "/".join(parts[:depth])
        data = read_below(str(root), f"{place}/.gitignore".lstrip("/"), _MAX_BYTES) or b""
        for line in data.decode("utf-8", "surrogateescape").splitlines():
            yield place, line


def _is_root(directory: Path) -> bool:
    return disk.is_there(str(directory / ".git")) and _may_hold_a_project(directory)


def _builds(directory: Path, context: Path) -> bool:
    """Whether a file that builds images names a context below its directory."""
    path = re.escape(context.relative_to(directory).as_posix())
    names = re.compile(rf"(?<![\w./-])(?:\./)?{path}/?(?![\w./-])")
    return _may_hold_a_project(directory) and any(
        names.search((disk.read(entry.path, _MAX_BYTES) or b"").decode("utf-8", "replace"))
        for _, entry in files_below(str(directory), "", 0)
        if _BUILDS_IMAGES.fullmatch(entry.name)
    )


def _has_owner_of(context: Path, directory: Path) -> bool:
    """Whether a directory above the context is the user's: not their home or above it, of the same owner, and
    closed to others. Anybody may leave a file in /tmp."""
    info, own = disk.status(str(directory)), disk.status(str(context))
    if info is None or own is None:
        return False
    closed = info.st_uid == own.st_uid and not info.st_mode & stat.S_IWOTH
    return closed and not Path(os.path.expanduser("~")).is_relative_to(directory)


def _may_hold_a_project(directory: Path) -> bool:
    """A home directory under version control holds settings, not a project."""
    return str(directory) not in (os.path.expanduser("~"), directory.anchor)


def as_ignore_rule(line: str, directory: str) -> str:
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
