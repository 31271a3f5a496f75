"""dive's efficiency worked out once more, slowly, from the members of the layers' tar archives.

Nothing of slimify is used: names as tarfile gives them, a tree of dicts for each layer, and for each
removal the tree of all layers below built anew, as dive does (dive/filetree/efficiency.go).
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Place:
    size: int = 0
    directory: bool = False
    below: dict[str, Place] = field(default_factory=dict)

    def total(self) -> int:
        return self.size + sum(place.total() for place in self.below.values())


def tree(layer: bytes) -> Place:
    root = Place()
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for member in archive:
            parts = [part for part in member.name.split("/") if part not in ("", ".")]
            if parts and parts[-1].startswith(".wh..wh."):
                parts.pop()
                put(root, parts, None)
            elif parts:
                size = member.size if member.isreg() else 0
                put(root, parts, (size, member.isdir()))
    return root


def put(root: Place, parts: Sequence[str], value: tuple[int, bool] | None) -> None:
    place = root
    for part in parts:
        place = place.below.setdefault(part, Place())
    if value is not None:
        place.size, place.directory = value


def leaves(place: Place, path: str = "") -> Iterator[tuple[str, Place]]:
    for name, child in sorted(place.below.items()):
        if child.below:
            yield from leaves(child, f"{path}/{name}")
        else:
            yield f"{path}/{name}", child


def lay(stack: Place, upper: Place) -> None:
    for name, place in sorted(upper.below.items()):
        if name.startswith(".wh."):
            stack.below.pop(name[4:], None)
        else:
            there = stack.below.setdefault(name, Place())
            lay(there, place)
            there.size, there.directory = place.size, place.directory


def removed(below: Sequence[Place], path: str) -> int:
    stack = Place()
    for layer in below:
        lay(stack, layer)
    place: Place | None = stack
    for part in path.strip("/").split("/"):
        place = place.below.get(part) if place else None
    return place.total() if place and place.directory else 0


def efficiency(layers: Sequence[bytes]) -> tuple[float, int, dict[str, tuple[int, int]]]:
    """The score, the wasted bytes, and for each path in several layers how many have it and their bytes."""
    trees = [tree(layer) for layer in layers]
    sizes: dict[str, list[int]] = {}
    for index, layer in enumerate(trees):
        for path, place in leaves(layer):
            above, _, name = path.rpartition("/")
            if name.startswith(".wh."):
                path = f"{above}/{name[4:]}"
                sizes.setdefault(path, []).append(removed(deepcopy(trees[:index]), path))
            else:
                sizes.setdefault(path, []).append(place.size)
    stored = sum(map(sum, sizes.values()))
    repeated = {path: (len(found), sum(found)) for path, found in sizes.items() if len(found) > 1}
    score = sum(map(min, sizes.values())) / stored if stored else 1.0
    return score, sum(size for _, size in repeated.values()), repeated


def layers_of(archive: Path) -> list[bytes]:
    """The layers of a `docker save` archive, uncompressed, lowest first."""
    with tarfile.open(archive) as tar:

        def content(name: str) -> bytes:
            file = tar.extractfile(name)
            assert file is not None
            return file.read()

        manifest = json.loads(content("manifest.json"))
        return [content(name) for name in manifest[0]["Layers"]]
