"""The files of all layers as one tree in columns, compact enough for an HTML page.

A path in several layers is one node with one occurrence per layer. Nodes are in pre-order, so depths alone
encode the tree, without nesting. Small files beyond the size budget are summed up per directory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

from msgspec import Struct, field

from slimify.analyze.model import Analysis, Node

# Keep in sync with templates/report/analysis/data.js.
KINDS = {"file": 0, "directory": 1, "symlink": 2, "hardlink": 3, "device": 4, "fifo": 5}
REST = 6  # a sum of smaller entries
CHANGES = {"added": 0, "modified": 1, "removed": 2}
VISIBLE = 32  # not hidden by a later layer; a code is kind + 8 * change + VISIBLE

_NODE, _OCCURRENCE = 12, 16  # approximate characters of JSON for each


class _Path(Struct):
    name: str
    depth: int
    target: str = ""
    found: list[tuple[int, Node]] = field(default_factory=list)  # layers with their nodes
    children: dict[str, _Path] = field(default_factory=dict)
    total: int = 0  # bytes of all occurrences here and below
    visible: bool = False
    kept: bool = False  # a finding names it


def columns(analysis: Analysis, *, budget: int, keep: Collection[str] = ()) -> Mapping[str, Any]:
    """The columns for JSON, in about `budget` characters. The paths in `keep` are not summed up if possible.

    `names`, `depths`, `counts` (occurrences per node), `occurrences` (four numbers each: layer, code, bytes,
    and the index into `owners` or the number of files of a sum), `owners` (mode, uid, gid), `targets` (by
    node), `threshold` (entries below this many bytes are summed up) and `summed` (number of those).
    """
    root = _merged_paths(analysis)
    order = list(_preorder(root))
    for path in reversed(order):
        path.total = sum(n.size for _, n in path.found if _has_own_bytes(n))
        path.total += sum(child.total for child in path.children.values())
    for name in keep:
        _mark_kept(root, name)
    threshold = _threshold(order, budget)
    return _Writer(threshold).write(root)


def _merged_paths(analysis: Analysis) -> _Path:
    root = _Path("/", 0)
    for index, tree in enumerate(analysis.trees):
        stack = [(root, tree)]
        while stack:
            path, node = stack.pop()
            if node.change != "unmodified":
                path.found.append((index, node))
                path.target = node.target or path.target
            for child in node.children:
                below = path.children.get(child.name)
                if below is None:
                    below = path.children[child.name] = _Path(child.name, path.depth + 1)
                stack.append((below, child))
    seen = [(root, analysis.merged)]
    while seen:
        path, node = seen.pop()
        path.visible = True
        seen += [(path.children[n.name], n) for n in node.children if n.name in path.children]
    return root


def _preorder(root: _Path) -> Iterator[_Path]:
    stack = [root]
    while stack:
        path = stack.pop()
        yield path
        stack += path.children.values()


def _has_own_bytes(node: Node) -> bool:
    """Whether the node stores bytes in its layer: directories and removals do not."""
    return node.kind != "directory" and node.change != "removed"


def _mark_kept(root: _Path, name: str) -> None:
    trail = [root]
    for part in name.strip("/").split("/"):
        below = trail[-1].children.get(part)
        if below is None:
            return
        trail.append(below)
    for path in trail:
        path.kept = True


def _cost(path: _Path) -> int:
    text = encode_basestring_ascii(path.name)
    target = len(encode_basestring_ascii(path.target)) + 8 if path.target else 0
    return _NODE + len(text) + target + _OCCURRENCE * len(path.found)


def _threshold(order: list[_Path], budget: int) -> int:
    """The smallest total of a node that fits into the budget, the largest first; 0 if all fit."""
    for path in order:
        if path.kept and budget > 0:
            budget -= _cost(path)
    for path in sorted((p for p in order if not p.kept), key=lambda p: -p.total):
        budget -= _cost(path)
        if budget < 0:
            return path.total + 1
    return 0


class _Writer:
    """Writes the columns. Nodes with totals below `threshold` are summed up."""

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.summed = 0
        self.names: list[str] = []
        self.depths: list[int] = []
        self.counts: list[int] = []
        self.occurrences: list[int] = []
        self.targets: dict[str, str] = {}
        self.owners: dict[tuple[int, int, int], int] = {}

    def write(self, root: _Path) -> Mapping[str, Any]:
        stack = [root]
        while stack:
            path = stack.pop()
            self._node(path)
            large = [p for p in path.children.values() if p.kept or p.total >= self.threshold]
            if len(large) < len(path.children):
                self._rest(
                    path, [p for p in path.children.values() if not p.kept and p.total < self.threshold]
                )
            stack += sorted(large, key=lambda p: (p.total, p.name))
        return {
            "names": self.names,
            "depths": self.depths,
            "counts": self.counts,
            "occurrences": self.occurrences,
            "owners": list(self.owners),
            "targets": self.targets,
            "threshold": self.threshold,
            "summed": self.summed,
        }

    def _node(self, path: _Path) -> None:
        if path.target:
            self.targets[str(len(self.names))] = path.target
        self.names.append(path.name)
        self.depths.append(path.depth)
        self.counts.append(len(path.found))
        for number, (layer, node) in enumerate(path.found, 1):
            last = number == len(path.found)
            code = KINDS.get(node.kind, 0) + 8 * CHANGES[node.change]
            code += VISIBLE if path.visible and last and node.change != "removed" else 0
            owner = self.owners.setdefault((node.mode, node.uid, node.gid), len(self.owners))
            self.occurrences += [layer, code, 0 if node.kind == "directory" else node.size, owner]

    def _rest(self, parent: _Path, small: list[_Path]) -> None:
        """Writes one node for all of `small` and their contents, with occurrences by layer and visibility."""
        sums: dict[tuple[int, int], list[int]] = {}
        for root in small:
            for path in _preorder(root):
                self.summed += 1
                for number, (layer, node) in enumerate(path.found, 1):
                    if not _has_own_bytes(node):
                        continue
                    seen = path.visible and number == len(path.found)
                    entry = sums.setdefault((layer, REST + (VISIBLE if seen else 0)), [0, 0])
                    entry[0] += node.size
                    entry[1] += 1
        if not sums:
            return
        self.names.append("")
        self.depths.append(parent.depth + 1)
        self.counts.append(len(sums))
        for (layer, code), (size, files) in sorted(sums.items()):
            self.occurrences += [layer, code, size, files]
