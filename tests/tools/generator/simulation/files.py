"""A file system in memory: what the simulated builder and container read and write."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Node:
    """A file, a directory or a symbolic link; `data` is the content, or the target of the link."""

    kind: str
    data: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    capabilities: str = ""


class Missing(Exception):
    """A path that is not there, or is no directory."""


class Files:
    def __init__(self, nodes: dict[str, Node] | None = None) -> None:
        self.nodes = dict(nodes) if nodes is not None else {"/": Node("directory", mode=0o755)}

    def copy(self) -> Files:
        return Files(self.nodes)

    def real(self, path: str, *, last: bool = True, depth: int = 0) -> str:
        """The path with its links followed; the last name is followed only if `last`. What is not there
        stays as it is."""
        if depth > 20:
            raise Missing(path)
        found = "/"
        names = [n for n in path.split("/") if n not in ("", ".")]
        for number, name in enumerate(names):
            if name == "..":
                found = posixpath.dirname(found)
                continue
            here = posixpath.join(found, name)
            node = self.nodes.get(here)
            if node is not None and node.kind == "link" and (last or number < len(names) - 1):
                here = self.real(posixpath.join(found, node.data.decode()), depth=depth + 1)
            found = here
        return found

    def get(self, path: str, *, follow: bool = True) -> Node | None:
        try:
            return self.nodes.get(self.real(path, last=follow))
        except Missing:
            return None

    def is_directory(self, path: str) -> bool:
        node = self.get(path)
        return node is not None and node.kind == "directory"

    def is_file(self, path: str) -> bool:
        node = self.get(path)
        return node is not None and node.kind == "file"

    def read(self, path: str) -> bytes:
        node = self.get(path)
        if node is None or node.kind != "file":
            raise Missing(path)
        return node.data

    def text(self, path: str) -> str:
        return self.read(path).decode()

    def make_directories(self, path: str, *, uid: int = 0, gid: int = 0, mode: int = 0o755) -> None:
        place = self.real(path)
        missing = []
        while place not in self.nodes:
            missing.append(place)
            place = posixpath.dirname(place)
        if self.nodes[place].kind != "directory":
            raise Missing(path)
        for made in missing:
            self.nodes[made] = Node("directory", mode=mode, uid=uid, gid=gid)

    def put(self, path: str, node: Node) -> None:
        """Places a node; its directory has to exist. Writing to a link writes where it points."""
        place = self.real(path, last=node.kind == "file")
        if not self.is_directory(posixpath.dirname(place)):
            raise Missing(path)
        self.nodes[place] = node

    def write(self, path: str, data: bytes | str, *, uid: int = 0, gid: int = 0, mode: int = 0o644) -> None:
        """Writes a file. One that exists keeps its owner and mode."""
        content = data.encode() if isinstance(data, str) else data
        old = self.get(path)
        if old is not None and old.kind == "directory":
            raise Missing(path)
        node = replace(old, data=content) if old else Node("file", content, mode, uid, gid)
        self.put(path, node)

    def add(self, path: str, data: bytes | str = b"", mode: int = 0o644) -> None:
        """Writes a file and the directories above it."""
        self.make_directories(posixpath.dirname(path))
        self.write(path, data, mode=mode)

    def change(self, path: str, *, follow: bool = True, **changes: object) -> None:
        place = self.real(path, last=follow)
        if place not in self.nodes:
            raise Missing(path)
        self.nodes[place] = replace(self.nodes[place], **changes)  # type: ignore[arg-type]

    def below(self, path: str) -> list[str]:
        """Every path below a directory, in order."""
        start = path.rstrip("/") + "/"
        return sorted(p for p in self.nodes if p.startswith(start) and p != "/")

    def names(self, path: str) -> list[str]:
        place = self.real(path)
        start = place.rstrip("/") + "/"
        return sorted({p[len(start) :].split("/")[0] for p in self.below(place)})

    def remove(self, path: str) -> None:
        place = self.real(path, last=False)
        for each in [*self.below(place), place]:
            self.nodes.pop(each, None)

    def glob(self, pattern: str) -> list[str]:
        """The paths that match an absolute pattern, as a shell finds them."""
        found = ["/"]
        for name in [n for n in pattern.split("/") if n]:
            found = list(self._matching(found, name))
        return found

    def _matching(self, places: list[str], name: str) -> Iterator[str]:
        for place in places:
            if not re.search(r"[*?[]", name):
                if self.get(posixpath.join(place, name), follow=False) is not None or name in (".", ".."):
                    yield posixpath.join(place, name)
                continue
            for each in self.names(place) if self.is_directory(place) else ():
                if fnmatchcase(each, name) and not (each.startswith(".") and not name.startswith(".")):
                    yield posixpath.join(place, each)


def copy_tree(source: Files, start: str, target: Files, end: str, owner: tuple[int, int] | None) -> None:
    """Copies what is below a directory, merged into what is there; `owner` None keeps the owners."""
    start = source.real(start)
    for path in source.below(start):
        node = source.nodes[path]
        if owner is not None:
            node = replace(node, uid=owner[0], gid=owner[1])
        place = posixpath.join(end, path[len(start) :].lstrip("/"))
        old = target.get(place, follow=False)
        if node.kind == "directory" and target.is_directory(place):
            target.change(place, mode=node.mode, uid=node.uid, gid=node.gid)
            continue
        if old is not None and old.kind == "directory":
            raise Missing(place)
        if old is not None:
            target.nodes.pop(target.real(place, last=False))
        target.put(place, node)
