"""Predicates and helpers for absolute image paths."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

_MAX_LENGTH = 512  # of a path that is followed


def is_named_place(path: str) -> bool:
    """Whether it is a place that only a language's tools can resolve (`@site-packages`), not a path."""
    return path.startswith("@")


def inside(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def overlap(one: str, other: str) -> bool:
    """Whether one of the two paths contains the other."""
    return inside(one, other) or inside(other, one)


def inside_any(path: str, directories: Iterable[str]) -> bool:
    return any(inside(path, directory) for directory in directories)


def is_glob(path: str) -> bool:
    return not _GLOB.isdisjoint(path)


_GLOB = frozenset("*?[")


def literal_part(path: str) -> str:
    """The path, or the directory above the first glob in it."""
    if not is_glob(path):
        return path
    parts = path.split("/")
    return "/".join(parts[: next(i for i, part in enumerate(parts) if is_glob(part))]) or "/"


def covers(pattern: str, path: str) -> bool:
    """Whether a path is what `pattern`, a path or a glob, names, or below it."""
    if inside(path, pattern):
        return True
    if not is_glob(pattern):
        return False
    names, own = pattern.split("/"), path.split("/")
    return len(own) >= len(names) and all(fnmatchcase(o, n) for o, n in zip(own, names, strict=False))


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that are below no other path, in order of appearance."""
    unique = tuple(dict.fromkeys(paths))
    return tuple(p for p in unique if not any(p != other and inside(p, other) for other in unique))


def join_path(base: str | None, path: str) -> str | None:
    """`path` relative to the directory `base`, normalised; None if it depends on an unknown directory, or is
    longer than any path that is followed."""
    if base is None and not path.startswith("/"):
        return None
    joined = posixpath.normpath(posixpath.join(base or "/", path))
    return "/" + joined.lstrip("/") if len(joined) <= _MAX_LENGTH else None


def ancestors(path: str) -> Iterator[str]:
    """`path` and all its parent directories, innermost first."""
    yield path
    while (end := path.rfind("/")) > 0:
        path = path[:end]
        yield path
    if end == 0 and path != "/":
        yield "/"


class PathMarks:
    """A set of paths, each with the highest number it was noted with (an instruction index, or 0).

    Lookups cost the depth of a path, not the number of noted paths. They answer `inside` and `overlap` for
    all noted paths at once, since long files ask about every pair of steps.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._own: dict[str, int] = {}
        self._above: dict[str, int] = {}
        for path in paths:
            self.note(path)

    def note(self, path: str, mark: int = 0) -> None:
        path = path.rstrip("/") or path[:1]
        self._own[path] = max(mark, self._own.get(path, -1))
        for directory in ancestors(path):
            self._above[directory] = max(mark, self._above.get(directory, -1))

    def containing(self, path: str) -> int:
        """The highest mark of a noted path that is `path` or contains it; -1 if there is none."""
        return max(self._own.get(directory, -1) for directory in ancestors(path))

    def below(self, path: str) -> int:
        """The highest mark of a noted path that is `path` or below it; -1 if there is none."""
        return self._above.get(path.rstrip("/") or path[:1], -1)

    def overlapping(self, path: str) -> int:
        """The highest mark of a noted path that contains `path` or is below it; -1 if there is none."""
        return max(self.containing(path), self.below(path))


class PathNumbers:
    """Paths and globs, each with the numbers it was noted with, in ascending order."""

    def __init__(self) -> None:
        self._at: dict[str, list[int]] = defaultdict(list)
        self._below: dict[str, list[int]] = defaultdict(list)
        self._globs: list[int] = []

    def note(self, path: str, number: int) -> None:
        if is_glob(path):
            self._globs.append(number)
            return
        self._at[path].append(number)
        for directory in ancestors(path):
            self._below[directory].append(number)

    def touching(self, path: str) -> set[int]:
        """The numbers of a path, of directories above it and of what is below it, and of all globs."""
        found = {n for directory in ancestors(path) for n in self._at.get(directory, ())}
        found.update(self._below.get(path, ()), self._globs)
        return found


def deepest(directories: Iterable[str], path: str) -> str | None:
    """The deepest of the directories that a path lies below, None if there is none."""
    return max((d for d in directories if d != path and inside(path, d)), key=len, default=None)
