"""The file system after each layer, with the changes of that layer or of all layers so far.

Trees are merged lazily: layers share unchanged nodes, and a directory is read only when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from slimify.analyze.model import Change, Node

Hidden = Collection[Change]


class Item:
    """A file or directory in the view: `below` is its state in the lower layers, `own` its state after the
    change. One of them can be None."""

    __slots__ = ("_below", "_children", "_own", "change", "node")

    def __init__(self, below: Node | None, own: Node | None) -> None:
        node = own or below
        assert node is not None
        self.node = node
        self._below, self._own = below, own
        self.change: Change = own.change if own else "unmodified"
        self._children: list[Item] | None = None

    @property
    def is_directory(self) -> bool:
        return self.node.kind == "directory" or bool(self.children)

    @property
    def children(self) -> list[Item]:
        """The entries of the directory, sorted by name."""
        if self._children is None:
            lower = _present(self._below) if self.change != "removed" else {}
            upper = {node.name: node for node in self._own.children} if self._own else {}
            names = sorted(lower.keys() | upper.keys())
            self._children = [Item(lower.get(name), upper.get(name)) for name in names]
        return self._children

    def size(self, hidden: Hidden) -> int:
        """The size in bytes, contents included. Unmodified files don't count while they are hidden."""
        if self.node.kind != "directory" or "unmodified" in hidden or self._below is None or not self._own:
            return self.node.size
        return sum(child.size(hidden) for child in self.children if child.change != "removed")

    def shows(self, hidden: Hidden) -> bool:
        """Whether the item or any of its contents is visible."""
        if not hidden:
            return True
        waiting = [self]
        while waiting:
            item = waiting.pop()
            if item._own is None:
                if "unmodified" not in hidden:
                    return True
            elif item.children:
                waiting += reversed(item.children)
            elif item.change not in hidden:
                return True
        return False


class Stack:
    """The layers of an image, lowest first."""

    def __init__(self, trees: Sequence[Node]) -> None:
        self._trees = tuple(trees)
        self._upto: list[Node] = []

    def layer(self, index: int) -> Item:
        """The file system after a layer, with the changes of that layer."""
        return Item(self._stacked(index - 1) if index else None, self._trees[index])

    def aggregated(self, index: int) -> Item:
        """The file system after a layer, with the changes of all layers above the lowest, as in dive."""
        return Item(None, self._stacked(index) if index else self._trees[0])

    def _stacked(self, index: int) -> Node:
        while len(self._upto) <= index:
            tree = self._trees[len(self._upto)]
            self._upto.append(_over(self._upto[-1], tree) if self._upto else _unmodified(tree))
        return self._upto[index]


def matching(root: Item, test: Callable[[str], bool], hidden: Hidden) -> set[str]:
    """The paths that pass a test, with their parent directories and their contents."""
    kept: set[str] = set()
    trail: list[str] = []

    def visit(item: Item, inside: bool) -> bool:
        found = inside or test(item.node.path)
        trail.append(item.node.path)
        for child in item.children:
            if child.shows(hidden):
                found = visit(child, inside or test(child.node.path)) or found
        trail.pop()
        if found:
            kept.add(item.node.path)
        return found

    visit(root, False)
    return kept


def _present(node: Node | None) -> dict[str, Node]:
    return {child.name: child for child in node.children if child.change != "removed"} if node else {}


def _unmodified(node: Node) -> Node:
    """The tree of the lowest layer, marked as unmodified: changes are relative to it."""
    children = tuple(_unmodified(child) for child in node.children if child.change != "removed")
    return replace(node, change="unmodified", children=children)


def _over(below: Node, own: Node) -> Node:
    """The node after a layer is applied; changes are relative to the lowest layer."""
    children = {child.name: child for child in below.children} if own.kind == "directory" else {}
    for child in own.children:
        put = _put(children.get(child.name), child)
        if put is None:
            children.pop(child.name, None)
        else:
            children[child.name] = put
    kept = tuple(children[name] for name in sorted(children))
    change: Change = below.change
    if below.change != "added" and own.change in ("added", "modified"):
        change = "modified"
    size = own.size
    if own.kind == "directory":
        size = sum(child.size for child in kept if child.change != "removed")
    return replace(own, change=change, children=kept, size=size)


def _put(below: Node | None, own: Node) -> Node | None:
    """One child after a layer is applied; None if it was added and removed again."""
    if own.change == "removed":
        return None if below is None or below.change == "added" else own
    if below is None:
        return own
    if below.change == "removed":
        return replace(own, change="modified")
    return _over(below, own)
