"""Analyses an image: its layers, where they come from, and what in them is unnecessary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from msgspec.structs import asdict

from slimify.analyze import dive, layers, trees
from slimify.analyze.image_inputs import FileBytes, ImageInputs, WasteFinding, is_source
from slimify.analyze.model import Analysis, Cost, LayerView
from slimify.analyze.programs import is_script
from slimify.analyze.secret_values import without_secrets
from slimify.analyze.waste.search import find_waste
from slimify.analyze.waste.secrets import is_suspect
from slimify.context.scan import scan
from slimify.image.model import Image
from slimify.image.packages import is_database
from slimify.languages import languages

_FILES = frozenset({
    "/etc/passwd", "/etc/os-release", "/usr/lib/os-release", "/etc/apk/world", "/var/lib/apt/extended_states",
})  # fmt: skip


SOURCES_NOT_SEARCHED: Final = (
    "The image contains too much source code to search: unused packages, development dependencies and "
    "unreferenced static files are not reported."
)


def needs_content(path: str) -> bool:
    """Whether the analysis needs the content of a file; the `keep` of slimify.image.archive.read.

    The reader should also compute digests, to find duplicates, and read ELF files.
    """
    return (
        path in _FILES
        or is_database(path)
        or is_script(path)
        or _is_manifest(path)
        or is_source(path)
        or is_suspect(path)
    )


def _is_manifest(path: str) -> bool:
    for is_manifest in _manifests():  # noqa: SIM110, any() costs three times as much and this is asked a lot
        if is_manifest(path):
            return True
    return False


@cache
def _manifests() -> tuple[Callable[[str], bool], ...]:
    parts = (known.installed_packages for known in languages())
    return tuple(part.is_manifest for part in parts if part is not None)


def analyze_image(
    image: Image,
    *,
    name: str,
    dockerfile: bytes | None = None,
    dockerfile_name: str = "",
    context: Path | None = None,
    replicas: int = 0,
    nodes: int = 0,
) -> Analysis:
    """The analysis of an image.

    `name` is its display name, `dockerfile` the text it was built from, and `context` the directory of its
    build context. `replicas` and `nodes` are the numbers of containers and machines that run it (both 0: no
    cost is calculated). Sizes are bytes. Raises SlimifyError for a malformed Dockerfile.
    """
    origin = layers.origin(image, dockerfile, dockerfile_name or "Dockerfile")
    found, packages, searchable = _search(image, origin, context)
    files = image.files.leaf_count()
    image.forget_files()
    efficiency = dive.efficiency(image.layers)
    own, counts, merged = trees.layer_trees(image.layers)
    views = tuple(_layer_views(image, origin, counts))
    return Analysis(
        name=name,
        size=sum(view.size for view in views),
        own_size=sum(view.size for view in views if not view.base),
        layers=views,
        trees=own,
        merged=merged,
        efficiency=efficiency,
        findings=tuple(item.waste for item in found),
        avoidable=_avoidable(image, [claim for item in found for claim in item.claims]),
        cost=cost(views, replicas, nodes),
        config=without_secrets(image.config),
        architecture=image.architecture,
        packages=packages,
        files=files,
        warnings=(*origin.warnings, *(() if searchable else (SOURCES_NOT_SEARCHED,))),
    )


def _search(
    image: Image, origin: layers.Origin, context: Path | None
) -> tuple[tuple[WasteFinding, ...], int, bool]:
    """The findings, the number of packages, and whether sources were searched. The index that this needs is
    gone before the trees are made."""
    inputs = ImageInputs(image=image, origin=origin, context=scan(context) if context else None)
    return find_waste(inputs), len(inputs.packages.installed), inputs.sources_searchable


def _layer_views(image: Image, origin: layers.Origin, counts: Sequence[trees.Counts]) -> Iterator[LayerView]:
    for index, layer in enumerate(image.layers):
        yield LayerView(
            index=index,
            digest=layer.digest,
            instruction=origin.instructions[index],
            size=layer.size,
            compressed=layer.compressed,
            line=origin.lines.get(index),
            base=index < origin.first_own,
            **asdict(counts[index]),
        )


def _avoidable(image: Image, claims: Sequence[FileBytes]) -> int:
    claimed: dict[int, set[str]] = {}
    for path, index, _ in claims:
        claimed.setdefault(index, set()).add(path)
    sizes = {
        (entry.path, index): entry.size
        for index, paths in claimed.items()
        for entry in image.layers[index].entries
        if entry.path in paths
    }
    return avoidable_bytes(claims, sizes)


def avoidable_bytes(claims: Iterable[FileBytes], sizes: Mapping[tuple[str, int], int]) -> int:
    """The bytes that at least one finding counts. `sizes` are the sizes of files by path and layer.

    Of two findings about parts of the same file, the larger part counts, since the parts may overlap.
    """
    most: dict[tuple[str, int], int] = {}
    for path, layer, count in claims:
        key = path, layer
        most[key] = max(most.get(key, 0), min(count, sizes.get(key, count)))
    return sum(most.values())


def cost(views: Sequence[LayerView], replicas: int, nodes: int) -> Cost | None:
    """The bytes that one roll-out pulls, and that all nodes store; None if neither number is given.

    A node pulls and stores a layer once, regardless of the number of containers. A roll-out to `replicas`
    containers on `nodes` machines (0: one container each, the worst case) pulls the layers above the base
    image once for each node: the base image is there from the previous release. Pulled bytes are compressed
    if the compressed size is known; stored bytes include the base image.
    """
    if replicas <= 0 and nodes <= 0:
        return None
    machines = min(nodes, replicas) if nodes > 0 and replicas > 0 else max(nodes, replicas)
    pulled = sum(
        layer.compressed if layer.compressed is not None else layer.size for layer in views if not layer.base
    )
    return Cost(
        replicas=replicas,
        nodes=machines,
        pulled=machines * pulled,
        stored=machines * sum(layer.size for layer in views),
    )
