"""Questions about absolute image paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator


def is_named_place(path: str) -> bool:
    """Whether it is the name of a place that only a language's programs know (`@site`), not a path."""
    return path.startswith("@")


def inside(path: str, directory: str) -> bool:
    """`path` is `directory` or lies below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def touches(one: str, other: str) -> bool:
    """One of the two contains the other."""
    return inside(one, other) or inside(other, one)


def inside_any(path: str, directories: Iterable[str]) -> bool:
    return any(inside(path, directory) for directory in directories)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie in no other one, in order of appearance."""
    unique = tuple(dict.fromkeys(paths))
    return tuple(p for p in unique if not any(p != other and inside(p, other) for other in unique))


def joined(base: str | None, path: str) -> str | None:
    """`path` seen from the directory `base`, normalised; None if it depends on an unknown directory."""
    if path.startswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    return posixpath.normpath(posixpath.join(base, path)) if base is not None else None


def ancestors(path: str) -> Iterator[str]:
    """`path` and every directory that it lies in, from the inside out."""
    yield path
    while (end := path.rfind("/")) > 0:
        path = path[:end]
        yield path
    if end == 0 and path != "/":
        yield "/"


class PathMarks:
    """Paths, each with the last number that it was noted at (an instruction's, or just 0).

    Answers in the depth of a path, however many are noted, what `inside` and `touches` answer for
    one pair: long files ask for each step about all steps.
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

    def holding(self, path: str) -> int:
        """The highest mark of a noted path that `path` is, or lies below; -1 if there is none."""
        return max(self._own.get(directory, -1) for directory in ancestors(path))

    def below(self, path: str) -> int:
        """The highest mark of a noted path that is `path`, or lies below it; -1 if there is none."""
        return self._above.get(path.rstrip("/") or path[:1], -1)

    def touching(self, path: str) -> int:
        """The highest mark of a noted path that contains `path` or lies in it; -1 if there is none."""
        return max(self.holding(path), self.below(path))
