"""The largest paths of a file tree: the few directories and files with most of its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analyze.model import Analysis, Node, Waste

MIN_CHILD_SHARE = 0.6  # a directory is replaced by its large children if they hold this share of it


def largest(tree: Node, *, share: float = 0.08, least: int = 1_000_000) -> tuple[Node, ...]:
    """The paths with at least `share` of a tree and at least `least` bytes, the largest first.

    A directory is listed itself unless a few large children hold most of its bytes.
    """
    floor = max(least, int(tree.size * share))
    found = [node for node in _largest(tree, floor) if node is not tree and node.size >= floor]
    return tuple(sorted(found, key=lambda node: (-node.size, node.path)))


def _largest(node: Node, floor: int) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        big = [child for child in node.children if child.change != "removed" and child.size >= floor]
        if big and sum(child.size for child in big) >= node.size * MIN_CHILD_SHARE:
            waiting += big
        else:
            yield node


def findings_at(analysis: Analysis, layer: int, path: str) -> tuple[Waste, ...]:
    """The findings of a layer at a path, above or below it; those at the path first, then by size."""
    near = []
    for waste in analysis.findings:
        if waste.layer == layer and any(_related(path, other) for other in (waste.path, *waste.paths)):
            near.append(waste)
    return tuple(sorted(near, key=lambda waste: (waste.path != path, -waste.bytes)))


def _related(one: str, other: str) -> bool:
    return one == other or other.startswith(one.rstrip("/") + "/") or one.startswith(other.rstrip("/") + "/")
