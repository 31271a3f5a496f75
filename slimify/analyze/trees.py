"""What each layer did to the file system, as a tree of its own, and the tree that all of them leave.

A layer's tree has what it stores and what it takes away; directories that only lead there are
`modified`, as dive derives it. A file that is stored again though nothing of it changed is
`unmodified` and there nevertheless: its bytes are in the layer. Linear in the entries of the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from slimify.analyze.model import Change, Node
from slimify.image.model import Entry, Layer

DEPTH: Final = 200  # levels below the root that a tree shows; deeper files count for the directory there


class Counts(Struct, frozen=True, kw_only=True):
    """Files (and links, devices) that a layer adds, modifies and removes, `hidden` the bytes below it
    that no container sees any more."""

    added: int = 0
    modified: int = 0
    removed: int = 0
    hidden: int = 0


class _Place:
    """A path of the file system, or of what a layer did to it. Without an entry: a directory that no
    layer names but that has to exist."""

    __slots__ = ("change", "children", "entry")

    def __init__(self, entry: Entry | None, change: Change = "unmodified") -> None:
        self.entry, self.change = entry, change
        self.children: dict[str, _Place] | None = {} if entry is None or entry.kind == "directory" else None


def build(layers: Sequence[Layer]) -> tuple[tuple[Node, ...], tuple[Counts, ...], Node]:
    """Each layer's own tree, what it counts, and the merged tree. Lowest layer first."""
    merged = _Place(None)
    trees: list[Node] = []
    counts: list[Counts] = []
    for layer in layers:
        work = _Work(merged)
        work.apply(layer)
        ordered = _ordered(work.own)
        counts.append(_counted(ordered, work.hidden))
        _derive(ordered)
        trees.append(_frozen(work.own))
    return tuple(trees), tuple(counts), _frozen(merged)


def walk(node: Node) -> Iterator[Node]:
    """Everything below a node, parents first, in the order of their names."""
    waiting = list(reversed(node.children))
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


class _Work:
    """One layer being laid on those below: `merged` changes, `own` records how."""

    def __init__(self, merged: _Place) -> None:
        self.merged = merged
        self.own = _Place(None)
        self.hidden = 0

    def apply(self, layer: Layer) -> None:
        for path in layer.opaque:
            place = _find(self.merged, path)
            for name in list(place.children or ()) if place else ():
                self._remove(path.rstrip("/"), name)
        for path in layer.whiteouts:
            above, _, name = path.rpartition("/")
            self._remove(above, name)
        above, below, mine = "", self.merged, self.own
        for entry in layer.entries:
            if entry.path == "/":
                self.own.entry = self.merged.entry = entry
                continue
            parent, _, name = entry.path.rpartition("/")
            if parent != above:
                above, (below, mine) = parent, self._reached(parent)
            if not self._put(below, mine, name, entry):
                above, below, mine = "", self.merged, self.own

    def _reached(self, path: str) -> tuple[_Place, _Place]:
        """The directory at a path in both trees, made where it is missing."""
        below, mine = self.merged, self.own
        for part in path.split("/"):
            if not part:
                continue
            assert below.children is not None
            assert mine.children is not None
            there = below.children.get(part)
            if there is None or there.children is None:
                if there is not None:
                    self._lose(there)
                there = below.children[part] = _Place(None)
                change: Change = "added"
            else:
                change = "unmodified"
            noted = mine.children.get(part)
            if noted is None or noted.children is None or noted.change == "removed":
                kept = noted.children if noted is not None else None
                change = "unmodified" if noted is not None and kept is not None else change
                noted = mine.children[part] = _Place(None, change)
                noted.children = kept or {}
                noted.entry = there.entry
            elif noted.entry is None:
                noted.entry = there.entry
            below, mine = there, noted
        return below, mine

    def _remove(self, above: str, name: str) -> None:
        parent = _find(self.merged, above)
        gone = parent.children.pop(name, None) if parent and parent.children else None
        if gone is None:
            return
        self._lose(gone)
        _, mine = self._reached(above)
        assert mine.children is not None
        if gone.children is not None and (noted := mine.children.get(name)) and noted.children:
            # Some of it was removed a moment ago, by its own name.
            gone.children = {**noted.children, **gone.children}
        mine.children[name] = gone

    def _lose(self, place: _Place) -> None:
        """Mark all of a removed path; its bytes are hidden now."""
        waiting = [place]
        while waiting:
            place = waiting.pop()
            place.change = "removed"
            if place.entry is not None and place.entry.kind == "file":
                self.hidden += place.entry.size
            waiting += (place.children or {}).values()

    def _put(self, below: _Place, mine: _Place, name: str, entry: Entry) -> bool:
        """Lay an entry down; whether directories that were looked up are still the same."""
        assert below.children is not None
        assert mine.children is not None
        there, noted = below.children.get(name), mine.children.get(name)
        # What lies below this layer: it may have been removed by the layer itself a moment ago.
        old = noted if there is None and noted is not None and noted.change == "removed" else there
        change: Change
        if noted is not None and noted.change in ("added", "modified"):
            change = noted.change
        else:
            change = "added" if old is None else _compared(old.entry, entry)
        fresh = mine.children[name] = _Place(entry, change)
        if entry.kind == "directory" and there is not None and there.children is not None:
            there.entry = entry
            fresh.children = noted.children if noted is not None and noted.children is not None else {}
            return True
        if there is not None:
            self._lose(there)
        below.children[name] = _Place(entry)
        if old is not None and old.children is not None:
            # Another kind of file where a directory was, or a directory anew: what was in it is gone.
            fresh.children = old.children
        return there is None


def _compared(old: Entry | None, new: Entry) -> Change:
    """As dive compares: kind, content, permissions and owner; times don't count.

    Content that was not hashed is taken to differ, a directory that no layer names to be the same.
    """
    if old is None:
        return "unmodified" if new.kind == "directory" else "modified"
    same = (old.kind, old.mode, old.uid, old.gid) == (new.kind, new.mode, new.uid, new.gid)
    if new.kind == "file":
        same = same and bool(new.digest) and old.digest == new.digest
    elif new.kind != "directory":
        same = same and old.target == new.target
    return "unmodified" if same else "modified"


def _find(root: _Place, path: str) -> _Place | None:
    place: _Place | None = root
    for part in path.split("/"):
        if part:
            place = place.children.get(part) if place and place.children else None
    return place


# Name, path, place and depth.
_Ordered = tuple[str, str, _Place, int]


def _ordered(root: _Place) -> list[_Ordered]:
    """Everything, parents before what they hold.

    Paths that no tree shows are "": made for each of thousands of levels, they would fill the memory.
    """
    found = [("", "/", root, 0)]
    for _, path, place, depth in found:
        above = "" if path == "/" else path
        found += [
            (name, f"{above}/{name}" if depth < DEPTH else "", child, depth + 1)
            for name, child in sorted((place.children or {}).items())
        ]
    return found


def _derive(ordered: list[_Ordered]) -> None:
    """Directories above a change are modified; those that were merely named again are left out."""
    for _, _, place, _ in reversed(ordered):
        children = place.children or {}
        for name in [
            name
            for name, child in children.items()
            if child.change == "unmodified" and child.children is not None and not child.children
        ]:
            del children[name]
        if place.change == "unmodified" and any(c.change != "unmodified" for c in children.values()):
            place.change = "modified"


def _frozen(root: _Place) -> Node:
    made: dict[int, Node] = {}
    for name, path, place, depth in reversed(_ordered(root)):
        entry = place.entry
        children = tuple(made.pop(id(child)) for _, child in sorted((place.children or {}).items()))
        size = entry.size if entry is not None else 0
        if entry is None or entry.kind == "directory":
            size = sum(c.size for c in children if c.change != "removed" or place.change == "removed")
        made[id(place)] = Node(
            name=name,
            path=path,
            kind=entry.kind if entry is not None else "directory",
            change=place.change,
            size=size,
            mode=entry.mode if entry is not None else 0o755,
            uid=entry.uid if entry is not None else 0,
            gid=entry.gid if entry is not None else 0,
            target=entry.target if entry is not None else "",
            children=children if depth < DEPTH else (),
        )
    return made[id(root)]


def _counted(ordered: list[_Ordered], hidden: int) -> Counts:
    found = {"added": 0, "modified": 0, "removed": 0, "unmodified": 0}
    for _, _, place, _ in ordered:
        if place.entry is not None and place.entry.kind != "directory":
            found[place.change] += 1
    return Counts(added=found["added"], modified=found["modified"], removed=found["removed"], hidden=hidden)
