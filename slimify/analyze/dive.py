"""Efficiency and wasted bytes as dive defines them, so that its users get the numbers they know.

dive (wagoodman/dive, dive/filetree/efficiency.go and dive/image/analysis.go) looks at the leaves of each
layer's own tree: files, links and empty directories. For each path, it adds up the sizes in all layers. A
layer that removes the path counts 0 for a file and the whole content for a directory. The score is the sum of
the smallest size of each path divided by the sum of all sizes. Wasted bytes are the sizes of all paths that
are in two or more layers. The lowest layer counts as the base image. Like dive, this ignores opaque
directories, and a file that replaces a directory keeps the directory's content. Unlike dive, it does not stop
counting a layer at the removal of a missing path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from slimify.analyze.model import Efficiency
from slimify.analyze.trees import DEPTH
from slimify.image.model import Layer

_Removals = dict[str, "_Removals"]


class _MergedEntry(Struct, gc=False):
    """A file or directory of the layers merged so far, with its size and children."""

    size: int = 0
    directory: bool = False
    children: dict[str, _MergedEntry] | None = None


def efficiency(layers: Sequence[Layer]) -> Efficiency:
    """Score (0 to 1), wasted bytes, and their share of the bytes above the lowest layer; worst paths first.

    The share is 0 if the image has a single layer, where dive divides by zero.
    """
    removals = _removals(layers)
    several = _in_several_layers(layers)
    stack = _MergedEntry()
    found: dict[str, tuple[int, int, int]] = {}  # number of copies, their bytes, the smallest of them
    stored = 0
    for layer in layers:
        for path, size in _leaves(layer, stack):
            stored += size
            if path[: path.rfind("/")] in several:
                count, total, least = found.get(path, (0, 0, size))
                found[path] = count + 1, total + size, min(least, size)
        if removals:
            _apply_layer(stack, layer, removals)
    repeated = [(path, count, size) for path, (count, size, _) in found.items() if count > 1]
    wasted = sum(size for _, _, size in repeated)
    smallest = stored - sum(size - least for _, size, least in found.values())
    above = sum(layer.size for layer in layers[1:])
    return Efficiency(
        score=smallest / stored if stored else 1.0,
        wasted=wasted,
        wasted_share=wasted / above if above else 0.0,
        files=tuple(sorted((row for row in repeated if row[2]), key=lambda row: (-row[2], row[0]))),
    )


def _in_several_layers(layers: Sequence[Layer]) -> set[str]:
    """The directories in which a path may occur again: several layers change them, or one removes."""
    seen: set[str] = set()
    several = {path[: path.rfind("/")] for layer in layers for path in layer.whiteouts}
    for layer in layers:
        own = _parents(layer)
        several |= seen & own
        seen |= own
    return several


def _parents(layer: Layer) -> set[str]:
    """The directories of the paths of a layer."""
    paths = (*layer.whiteouts, *layer.opaque)
    return {entry.directory for entry in layer.entries} | {path[: path.rfind("/")] for path in paths}


def _removals(layers: Sequence[Layer]) -> _Removals:
    """The paths that a layer removes, as a tree. The value of an empty name marks the end of one."""
    root: _Removals = {}
    for path in (path for layer in layers for path in layer.whiteouts):
        place = root
        for part in path.split("/")[1:]:
            place = place.setdefault(part, {})
        place[""] = {}
    return root


def _removed_in(directory: str, removals: _Removals) -> set[str] | None:
    """The names in a directory that a layer removes; None if it removes all of the directory."""
    place = removals
    for part in directory.split("/")[1:]:
        if part not in place:
            return set()
        place = place[part]
        if "" in place:
            return None
    return {name for name, below in place.items() if "" in below}


def _leaves(layer: Layer, below: _MergedEntry) -> Iterator[tuple[str, int]]:
    """The leaves of a layer's own tree with their sizes."""
    sizes = {entry.path: entry.size for entry in layer.entries}
    for path in layer.opaque:
        sizes.setdefault(path, 0)
    inner = {"/"}
    for above in _parents(layer):
        if above.count("/") > DEPTH:
            above = "/".join(above.split("/", DEPTH)[:DEPTH])
        while above and above not in inner:
            inner.add(above)
            above = above.rpartition("/")[0]
    yield from ((path, size) for path, size in sizes.items() if path not in inner)
    yield from ((path, _directory_size(below, path)) for path in layer.whiteouts)


def _directory_size(stack: _MergedEntry, path: str) -> int:
    """The bytes in a directory; 0 for a file or a missing path."""
    place: _MergedEntry | None = stack
    for part in path.split("/"):
        if part:
            place = place.children.get(part) if place and place.children else None
    if place is None or not place.directory:
        return 0
    total, waiting = 0, [place]
    while waiting:
        place = waiting.pop()
        total += place.size
        waiting += (place.children or {}).values()
    return total


def _apply_layer(stack: _MergedEntry, layer: Layer, removals: _Removals) -> None:
    """Adds what some layer removes: nobody asks for the size of anything else."""
    for path in layer.whiteouts:
        above, _, name = path.rpartition("/")
        place: _MergedEntry | None = stack
        for part in above.split("/"):
            if part:
                place = place.children.get(part) if place and place.children else None
        if place and place.children:
            place.children.pop(name, None)
    directory, names = "", _removed_in("", removals)
    for entry in layer.entries:
        if entry.directory != directory:
            directory = entry.directory
            names = _removed_in(directory, removals)
        if names is not None and entry.name not in names:
            continue
        place = stack
        for part in entry.path.split("/"):
            if part:
                if place.children is None:
                    place.children = {}
                found = place.children.get(part)
                if found is None:
                    found = place.children[part] = _MergedEntry()
                place = found
        place.size, place.directory = entry.size, entry.kind == "directory"
