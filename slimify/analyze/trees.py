"""Builds the tree of changes of each layer, and the tree that a container sees.

A layer's tree contains the files that it stores and removes. Parent directories of changes are `modified`,
as in dive. A file that is stored again without a change is `unmodified`, but part of the tree: the layer
contains its bytes. The time is linear in the number of entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from slimify.analyze.model import Change, Node
from slimify.image.model import Entry, Layer

DEPTH: Final = 200  # levels below the root; deeper files count towards the directory at this level


class Counts(Struct, frozen=True, kw_only=True):
    """The numbers of files, links and devices that a layer adds, modifies and removes; `hidden` are the bytes
    of lower layers that it overwrites or removes."""

    added: int = 0
    modified: int = 0
    removed: int = 0
    hidden: int = 0


class _TreeNode(Struct, gc=False):
    """A path of the merged tree or of a layer's tree. No entry: a directory that exists although no layer
    contains it. `size` is that of a directory's content, once the tree is complete.

    Most paths are files without a history. Of these, `children` has the entries alone: in the merged tree
    what is `unmodified`, in the tree of a layer what is `added`. So a directory that a layer makes and fills
    with files has the same `children` in both, and is `lent` in the merged tree, until they differ.
    """

    entry: Entry | None
    change: Change = "unmodified"
    children: dict[str, _TreeNode | Entry] | None = None
    size: int = 0
    lent: bool = False

    def keep(self) -> None:
        """Has children of its own, before they change."""
        if self.lent:
            self.children, self.lent = dict(self.children or {}), False


def _directory(entry: Entry | None, change: Change = "unmodified") -> _TreeNode:
    return _TreeNode(entry, change, {})


def _child(parent: _TreeNode, name: str, change: Change) -> _TreeNode | None:
    """A child; `change` is that of an entry alone."""
    child = parent.children.get(name) if parent.children else None
    return _TreeNode(child, change) if isinstance(child, Entry) else child


def layer_trees(layers: Sequence[Layer]) -> tuple[tuple[Node, ...], tuple[Counts, ...], Node]:
    """The tree of each layer, its counts, and the merged tree. The lowest layer comes first."""
    merged = _directory(None)
    trees: list[Node] = []
    counts: list[Counts] = []
    for layer in layers:
        work = _LayerMerge(merged)
        work.apply(layer)
        ordered = _in_order(work.own)
        counts.append(_count_changes(ordered, work.hidden))
        _mark_modified_directories(ordered)
        trees.append(_root(ordered, "added"))
    return tuple(trees), tuple(counts), _root(_in_order(merged), "unmodified")


def walk(node: Node) -> Iterator[Node]:
    """All nodes below a node, parents first, sorted by name."""
    waiting = list(reversed(node.children))
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


class _LayerMerge:
    """Applies one layer to the `merged` tree and records its changes in `own`."""

    def __init__(self, merged: _TreeNode) -> None:
        self.merged = merged
        self.own = _directory(None)
        self.hidden = 0
        # The directories, in both trees, on the way to the one that was reached last.
        self._trail: list[tuple[str, _TreeNode, _TreeNode]] = []

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
            if not entry.name:
                self.own.entry = self.merged.entry = entry
                continue
            if entry.directory != above:
                above, (below, mine) = entry.directory, self._reached(entry.directory)
            if not self._put(below, mine, entry.name, entry):
                above, below, mine = "", self.merged, self.own
                self._trail.clear()

    def _reached(self, path: str) -> tuple[_TreeNode, _TreeNode]:
        """The directory at a path in both trees, created if missing."""
        parts, trail = path.split("/")[1:], self._trail
        depth = 0
        for part, (name, _, _) in zip(parts, trail, strict=False):
            if part != name:
                break
            depth += 1
        del trail[depth:]
        _, below, mine = trail[-1] if trail else ("", self.merged, self.own)
        for part in parts[depth:]:
            if part:
                below, mine = self._entered(below, mine, part)
            trail.append((part, below, mine))
        if below.children is not mine.children:
            below.keep()
        return below, mine

    def _entered(self, below: _TreeNode, mine: _TreeNode, part: str) -> tuple[_TreeNode, _TreeNode]:
        """The directory of a name in both trees, created if missing."""
        below.keep()
        assert below.children is not None
        assert mine.children is not None
        there = _child(below, part, "unmodified")
        if there is None or there.children is None:
            if there is not None:
                self._lose(there)
            there = below.children[part] = _directory(None)
            change: Change = "added"
        else:
            change = "unmodified"
        noted = _child(mine, part, "added")
        if noted is None or noted.children is None or noted.change == "removed":
            kept = noted.children if noted is not None else None
            change = "unmodified" if noted is not None and kept is not None else change
            noted = mine.children[part] = _TreeNode(None, change, kept or {})
            noted.entry = there.entry
        elif noted.entry is None:
            noted.entry = there.entry
        return there, noted

    def _remove(self, above: str, name: str) -> None:
        parent = _find(self.merged, above)
        gone = _child(parent, name, "unmodified") if parent else None
        if parent is None or parent.children is None or gone is None:
            return
        parent.keep()
        del parent.children[name]
        self._lose(gone)
        _, mine = self._reached(above)
        assert mine.children is not None
        if gone.children is not None and (noted := _child(mine, name, "added")) and noted.children:
            # This layer already removed some of its content by name.
            gone.children = {**noted.children, **gone.children}
        mine.children[name] = gone

    def _lose(self, place: _TreeNode) -> None:
        """Marks a path and everything below it as removed, and counts its bytes as hidden."""
        waiting = [place]
        while waiting:
            place = waiting.pop()
            place.keep()
            place.change = "removed"
            if place.entry is not None and place.entry.kind == "file":
                self.hidden += place.entry.size
            for name in place.children or ():
                if (child := _child(place, name, "removed")) and place.children:
                    place.children[name] = child
                    waiting.append(child)

    def _put(self, below: _TreeNode, mine: _TreeNode, name: str, entry: Entry) -> bool:
        """Adds an entry. Returns whether directories that were looked up before are still valid."""
        assert below.children is not None
        assert mine.children is not None
        directory = entry.kind == "directory"
        if not (directory or name in below.children or name in mine.children):
            mine.children[name] = below.children[name] = entry
            return True
        below.keep()
        there, noted = _child(below, name, "unmodified"), _child(mine, name, "added")
        # The entry of lower layers, which this layer itself may have removed before.
        old = noted if there is None and noted is not None and noted.change == "removed" else there
        change: Change
        if noted is not None and noted.change in ("added", "modified"):
            change = noted.change
        else:
            change = "added" if old is None else _change_between(old.entry, entry)
        fresh = mine.children[name] = _TreeNode(entry, change, {} if directory else None)
        if directory and there is not None and there.children is not None:
            there.entry = entry
            fresh.children = noted.children if noted is not None and noted.children is not None else {}
            return True
        if there is not None:
            self._lose(there)
        below.children[name] = _TreeNode(entry, children=fresh.children, lent=True) if directory else entry
        if old is not None and old.children is not None:
            # A file replaces a directory, or a directory is created anew: its old content is removed.
            fresh.children = old.children
        return there is None


def _change_between(old: Entry | None, new: Entry) -> Change:
    """Compares like dive: kind, content, permissions and owner, but not times.

    Content without a digest counts as modified, a directory that no layer contains as unmodified.
    """
    if old is None:
        return "unmodified" if new.kind == "directory" else "modified"
    same = (old.kind, old.owner) == (new.kind, new.owner)
    if new.kind == "file":
        same = same and bool(new.digest) and old.digest == new.digest
    elif new.kind != "directory":
        same = same and old.target == new.target
    return "unmodified" if same else "modified"


def _find(root: _TreeNode, path: str) -> _TreeNode | None:
    place: _TreeNode | None = root
    for part in path.split("/"):
        if part:
            place = _child(place, part, "unmodified") if place else None
    return place


def _in_order(root: _TreeNode) -> list[_TreeNode]:
    """The directories, and what else has children, parents first."""
    found = [root]
    for place in found:
        if place.children:
            found += [
                child
                for child in place.children.values()
                if not isinstance(child, Entry) and child.children is not None
            ]
    return found


def _mark_modified_directories(ordered: list[_TreeNode]) -> None:
    """Marks directories above a change as modified, and removes directories without changes."""
    for place in reversed(ordered):
        children = place.children or {}
        for name in [
            name
            for name, child in children.items()
            if not isinstance(child, Entry)
            and child.change == "unmodified"
            and child.children is not None
            and not child.children
        ]:
            del children[name]
        if place.change == "unmodified" and any(
            isinstance(child, Entry) or child.change != "unmodified" for child in children.values()
        ):
            place.change = "modified"


def _count_changes(ordered: list[_TreeNode], hidden: int) -> Counts:
    found = {"added": 0, "modified": 0, "removed": 0, "unmodified": 0}
    for parent in ordered:
        for place in (parent.children or {}).values():
            if isinstance(place, Entry):
                found["added"] += 1
            elif place.entry is not None and place.entry.kind != "directory":
                found[place.change] += 1
    return Counts(added=found["added"], modified=found["modified"], removed=found["removed"], hidden=hidden)


def _root(ordered: list[_TreeNode], alone: Change) -> Node:
    """The node of a complete tree. `alone` is the change of entries alone."""
    for place in reversed(ordered):
        if place.entry is None or place.entry.kind == "directory":
            total, removed = 0, place.change == "removed"
            for child in (place.children or {}).values():
                if isinstance(child, Entry):
                    total += child.size
                elif removed or child.change != "removed":
                    total += _size(child)
            place.size = total
    return _node("", "/", ordered[0], 0, alone)


def _size(place: _TreeNode) -> int:
    entry = place.entry
    return place.size if entry is None or entry.kind == "directory" else entry.size


def _node(name: str, path: str, place: _TreeNode, depth: int, alone: Change) -> Node:
    entry = place.entry
    return Node(
        name=name,
        path=path,
        kind=entry.kind if entry is not None else "directory",
        change=place.change,
        size=_size(place),
        mode=entry.mode if entry is not None else 0o755,
        uid=entry.uid if entry is not None else 0,
        gid=entry.gid if entry is not None else 0,
        target=entry.target if entry is not None else "",
        children=_Children(path, place, depth, alone) if place.children and depth < DEPTH else (),
    )


class _Children(Sequence[Node]):
    """The children of a node, made when somebody looks at them. Paths below DEPTH are "", since thousands of
    levels would exhaust memory."""

    __slots__ = ("_alone", "_depth", "_made", "_path", "_place")

    def __init__(self, path: str, place: _TreeNode, depth: int, alone: Change) -> None:
        self._path, self._place, self._depth, self._alone = path, place, depth, alone
        self._made: tuple[Node, ...] | None = None

    def _all(self) -> tuple[Node, ...]:
        if self._made is None:
            above, depth = "" if self._path == "/" else self._path, self._depth
            self._made = tuple(
                _node(name, f"{above}/{name}" if depth < DEPTH else "", child, depth + 1, self._alone)
                for name in sorted(self._place.children or ())
                if (child := _child(self._place, name, self._alone))
            )
        return self._made

    def __len__(self) -> int:
        return len(self._place.children or ())

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __iter__(self) -> Iterator[Node]:
        return iter(self._all())
