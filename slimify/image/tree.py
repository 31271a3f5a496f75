"""Merges the layers of an image into one file system, and records hidden files.

Follows the OCI image specification ("Applying changesets"): whiteouts and opaque directories of a
layer remove entries of lower layers, never its own. An entry replaces the path and everything under
it, unless both are directories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.image.model import Entry, Layer

LINKS = 40  # symlinks to follow; the kernel then fails with ELOOP (path_resolution(7))


class HiddenFile(Struct, frozen=True):
    """A file of `layer` that the layer `by` replaces or removes."""

    entry: Entry
    layer: int
    by: int


class _Node(Struct, gc=False):
    """A path. `entry` is None for implicit parent directories; `linked` is the file of a hard link.

    Most files are from the layer that made their directory, `first`. `children` has their entries alone.
    """

    entry: Entry | None
    layer: int
    children: dict[str, _Node | Entry] | None = None
    linked: Entry | None = None
    first: int = 0

    def child(self, name: str) -> _Node | None:
        found = self.children.get(name) if self.children is not None else None
        return _Node(found, self.first) if isinstance(found, Entry) else found

    def below(self) -> Iterator[tuple[str, _Node]]:
        for name, found in (self.children or {}).items():
            yield name, _Node(found, self.first) if isinstance(found, Entry) else found


class Files:
    """The merged file system of an image's layers, lowest first.

    `hidden` lists regular files that upper layers hide, in layer order. Paths are absolute and
    normalized. `get` and `resolve` return the file of a hard link under the path of the link.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._root = _Node(None, 0)
        self._root.children = {}
        self.hidden: list[HiddenFile] = []
        for index, layer in enumerate(layers):
            for path in layer.opaque:
                self._empty(path, index)
            for path in layer.whiteouts:
                self._remove(path, index)
            self._add(layer.entries, index)

    # --- queries ---------------------------------------------------------------------------------

    def get(self, path: str) -> Entry | None:
        """The entry at a path. Symlinks are not followed; a hard link gives its file."""
        node = self._node(path)
        return self._entry(path, node) if node else None

    def layer(self, path: str) -> int | None:
        """The index of the layer that a path is from, or None."""
        node = self._node(path)
        return node.layer if node else None

    def resolve(self, path: str) -> Entry | None:
        """The entry at a path, following symlinks in every component; its path has no symlinks.

        None for missing paths, dangling symlinks and loops.
        """
        place = self.place(path)
        return self.get(place) if place else None

    def place(self, path: str) -> str:
        """The path with symlinks resolved, or "" if it does not exist."""
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
            child = node.child(part)
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
        """The names in a directory, sorted; () if it is not a directory."""
        node = self._node(path)
        return tuple(sorted(node.children)) if node and node.children else ()

    def leaves(self) -> Iterator[tuple[Entry, int]]:
        """All that is no directory, by path, and the layers that it is from; hard links as they are."""
        waiting: list[tuple[_Node | Entry, int]] = [(self._root, 0)]
        while waiting:
            node, layer = waiting.pop()
            if isinstance(node, Entry):
                yield node, layer
            elif node.children is not None:
                # "a-b" comes before what is in "a".
                below = {
                    name if isinstance(child, Entry) or child.children is None else f"{name}/": child
                    for name, child in node.children.items()
                }
                waiting += [(below[name], node.first) for name in sorted(below, reverse=True)]
            elif node.entry is not None:
                yield node.entry, node.layer

    def leaf_count(self) -> int:
        """How many `leaves` there are."""
        count, waiting = 0, [self._root]
        for node in waiting:
            if node.children is None:
                count += node.entry is not None
            else:
                inner = [child for child in node.children.values() if isinstance(child, _Node)]
                count += len(node.children) - len(inner)
                waiting += inner
        return count

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """Everything below a path, parents first, sorted by name. Symlinks are not followed."""
        node = self._node(path)
        waiting = [(path.rstrip("/"), node)] if node else []
        while waiting:
            here, node = waiting.pop()
            if node is not self._root and here != path.rstrip("/"):
                yield self._entry(here, node)
            below = dict(node.below())
            waiting += [(f"{here}/{name}", below[name]) for name in sorted(below, reverse=True)]

    # --- merging ---------------------------------------------------------------------------------

    def _add(self, entries: Sequence[Entry], index: int) -> None:
        parent, parent_path = self._root, ""
        for entry in entries:
            name = entry.name
            if not name:
                self._root.entry, self._root.layer = entry, index
                continue
            if entry.directory != parent_path:
                parent, parent_path = self._directory(entry.directory, index), entry.directory
            below = parent.children
            assert below is not None
            if name not in below and index == parent.first and entry.kind not in ("directory", "hardlink"):
                below[name] = entry
                continue
            old = parent.child(name)
            if old is not None and old.children is not None and entry.kind == "directory":
                old.entry, old.layer = entry, index
                continue
            if old is not None:
                self._hide(old, index)
            node = below[name] = _Node(entry, index, first=index)
            if entry.kind == "hardlink":
                # Resolve it now: a later layer may replace the file.
                node.linked = self._linked(entry)
            elif entry.kind == "directory":
                node.children = {}

    def _directory(self, path: str, index: int) -> _Node:
        """The directory at a path, created if it is missing, as when unpacking."""
        node = self._root
        for part in path.split("/")[1:]:
            assert node.children is not None
            child = node.child(part)
            if child is None or child.children is None:
                if child is not None:
                    self._hide(child, index)
                child = node.children[part] = _Node(None, index, {}, first=index)
            node = child
        return node

    def _remove(self, path: str, index: int) -> None:
        above, _, name = path.rpartition("/")
        parent = self._node(above or "/")
        if parent and parent.children and (node := parent.child(name)):
            del parent.children[name]
            self._hide(node, index)

    def _empty(self, path: str, index: int) -> None:
        node = self._node(path)
        if node and node.children:
            for _, child in node.below():
                self._hide(child, index)
            node.children.clear()

    def _hide(self, node: _Node, by: int) -> None:
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if node.entry is not None and node.entry.kind == "file":
                self.hidden.append(HiddenFile(node.entry, node.layer, by))
            waiting += [child for _, child in node.below()]

    # --- lookups ---------------------------------------------------------------------------------

    def _node(self, path: str) -> _Node | None:
        node = self._root
        for part in path.split("/"):
            if part:
                if (child := node.child(part)) is None:
                    return None
                node = child
        return node

    def _entry(self, path: str, node: _Node) -> Entry:
        entry = node.entry
        if entry is None:
            return Entry.at(path, kind="directory", mode=0o755)
        return (
            entry if node.linked is None else replace(node.linked, directory=entry.directory, name=entry.name)
        )

    def _linked(self, link: Entry) -> Entry | None:
        """The file of a hard link, or None if the archive does not contain it."""
        node = self._node(link.target)
        return (node.linked or node.entry) if node and node.children is None else None
