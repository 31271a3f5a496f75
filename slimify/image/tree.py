"""The file system that the layers of an image leave, and what became of the files underneath.

Rules as in the OCI image specification ("Applying changesets"): a layer's whiteouts and opaque
directories remove what is in the layers below it, never what it adds itself; anything but a
directory on a directory replaces a path with all that was under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.image.model import Entry, Layer

LINKS = 40  # symbolic links followed before the kernel says ELOOP (path_resolution(7))


class Lost(Struct, frozen=True):
    """A version of a file that no container sees: replaced or removed by the layer `by`."""

    entry: Entry
    layer: int
    by: int


class _Node:
    """A path. `entry` is None for directories that no layer names but that have to exist, `linked`
    the file that a hard link stands for.
    """

    __slots__ = ("children", "entry", "layer", "linked")

    def __init__(self, entry: Entry | None, layer: int) -> None:
        self.entry, self.layer = entry, layer
        self.children: dict[str, _Node] | None = None
        self.linked: Entry | None = None


class Files:
    """The merged file system of an image's layers, lowest first. Linear in their entries.

    `lost` are the versions of regular files that upper layers hide, in the order they got lost.
    Paths are absolute and normal. Hard links are there as they were written; `get` and `resolve`
    give the file that they stand for under the link's own path.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._root = _Node(None, 0)
        self._root.children = {}
        self.lost: list[Lost] = []
        for index, layer in enumerate(layers):
            for path in layer.opaque:
                self._empty(path, index)
            for path in layer.whiteouts:
                self._remove(path, index)
            self._add(layer.entries, index)

    # --- what is there ---------------------------------------------------------------------------

    def get(self, path: str) -> Entry | None:
        """What is at a path itself: a symlink is not followed, a hard link is its file."""
        node = self._node(path)
        return self._entry(path, node) if node else None

    def layer(self, path: str) -> int | None:
        """The index of the layer that a path comes from."""
        node = self._node(path)
        return node.layer if node else None

    def resolve(self, path: str) -> Entry | None:
        """What a path leads to when symlinks are followed in each of its components, or None.

        None also for dangling links and loops. The entry's path is where it really is.
        """
        place = self.place(path)
        return self.get(place) if place else None

    def place(self, path: str) -> str:
        """Where a path leads to, without symlinks; "" where that is nowhere."""
        waiting = [part for part in reversed(path.split("/")) if part]
        trail: list[tuple[str, _Node]] = []
        node, links = self._root, 0
        while waiting:
            part = waiting.pop()
            if part == "." and node.children is not None:
                continue
            if part == ".." and node.children is not None:
                node = trail[-2][1] if len(trail) > 1 else self._root
                del trail[-1:]
                continue
            child = node.children.get(part) if node.children is not None else None
            if child is None:
                return ""
            if child.entry is not None and child.entry.kind == "symlink":
                links += 1
                if links > LINKS:
                    return ""
                target = child.entry.target
                if target.startswith("/"):
                    node, trail = self._root, []
                waiting += [step for step in reversed(target.split("/")) if step]
                continue
            node = child
            trail.append((part, child))
        return "/" + "/".join(part for part, _ in trail)

    def children(self, path: str) -> tuple[str, ...]:
        """The names in a directory, sorted; () for what is none."""
        node = self._node(path)
        return tuple(sorted(node.children)) if node and node.children else ()

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """Everything under a path, without itself, parents first, by name; symlinks are not followed."""
        node = self._node(path)
        waiting = [(path.rstrip("/"), node)] if node else []
        while waiting:
            here, node = waiting.pop()
            if node is not self._root and here != path.rstrip("/"):
                yield self._entry(here, node)
            below = node.children or {}
            waiting += [(f"{here}/{name}", below[name]) for name in sorted(below, reverse=True)]

    # --- how it came about -----------------------------------------------------------------------

    def _add(self, entries: Sequence[Entry], index: int) -> None:
        parent, parent_path = self._root, ""
        for entry in entries:
            path = entry.path
            if path == "/":
                self._root.entry, self._root.layer = entry, index
                continue
            above, _, name = path.rpartition("/")
            if above != parent_path:
                parent, parent_path = self._directory(above, index), above
            below = parent.children
            assert below is not None
            old = below.get(name)
            if old is not None and old.children is not None and entry.kind == "directory":
                old.entry, old.layer = entry, index
                continue
            if old is not None:
                self._lose(old, index)
            node = below[name] = _Node(entry, index)
            if entry.kind == "hardlink":
                # Now: a later layer may put another file where this one was.
                node.linked = self._linked(entry)
            elif entry.kind == "directory":
                node.children = {}

    def _directory(self, path: str, index: int) -> _Node:
        """The directory at a path, made where it is missing, as unpacking does."""
        node = self._root
        for part in path.split("/")[1:]:
            assert node.children is not None
            child = node.children.get(part)
            if child is None or child.children is None:
                if child is not None:
                    self._lose(child, index)
                child = node.children[part] = _Node(None, index)
                child.children = {}
            node = child
        return node

    def _remove(self, path: str, index: int) -> None:
        above, _, name = path.rpartition("/")
        parent = self._node(above or "/")
        if parent and parent.children and (node := parent.children.pop(name, None)):
            self._lose(node, index)

    def _empty(self, path: str, index: int) -> None:
        node = self._node(path)
        if node and node.children:
            for child in node.children.values():
                self._lose(child, index)
            node.children.clear()

    def _lose(self, node: _Node, by: int) -> None:
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if node.entry is not None and node.entry.kind == "file":
                self.lost.append(Lost(node.entry, node.layer, by))
            if node.children:
                waiting += node.children.values()

    # --- looking up ------------------------------------------------------------------------------

    def _node(self, path: str) -> _Node | None:
        node = self._root
        for part in path.split("/"):
            if part:
                if node.children is None or (child := node.children.get(part)) is None:
                    return None
                node = child
        return node

    def _entry(self, path: str, node: _Node) -> Entry:
        entry = node.entry
        if entry is None:
            return Entry(path=path, kind="directory", mode=0o755)
        return replace(node.linked, path=path) if node.linked else entry

    def _linked(self, link: Entry) -> Entry | None:
        """The file behind a hard link; None where the archive links to what it does not have."""
        node = self._node(link.target)
        return (node.linked or node.entry) if node and node.children is None else None
