"""The results of an analysis. Sizes are uncompressed bytes unless stated otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

Change = Literal["added", "modified", "removed", "unmodified"]
Kind = Literal[
    "cache",  # build and download caches, package lists
    "toolchain",  # compilers, headers, build tools
    "development",  # development dependencies
    "unused",  # installed packages that nothing uses
    "duplicate",  # stored twice: overwritten, or the same content at several paths
    "deleted",  # removed by a later layer, but still stored
    "source-control",  # .git and the like, tests, documentation
    "static",  # large files that no source names
    "debug",  # symbol tables and debugging sections
    "secret",  # keys, tokens, credentials
]


class Node(Struct, frozen=True, kw_only=True):
    """A file or directory of a layer's own tree. The `size` of a directory includes its content."""

    name: str
    path: str
    kind: str  # of image.model.Kind
    change: Change
    size: int
    mode: int = 0
    uid: int = 0
    gid: int = 0
    target: str = ""
    children: Sequence[Node] = ()


class LayerView(Struct, frozen=True, kw_only=True):
    """One layer and its instruction. `base`: it belongs to the base image.

    `line` is the line of the instruction in the Dockerfile; None without a matching Dockerfile. `added`,
    `modified` and `removed` count files; `hidden` are the bytes of lower layers that it overwrites or
    removes.
    """

    index: int
    digest: str
    instruction: str
    size: int
    compressed: int | None = None
    line: int | None = None
    base: bool = False
    added: int = 0
    modified: int = 0
    removed: int = 0
    hidden: int = 0


class Waste(Struct, frozen=True, kw_only=True):
    """Something unnecessary in the image, with its code (SL7xx) and a remedy.

    `safe`: nothing that the image starts can need it. `rewrite`: `slimify rewrite` removes it.
    """

    code: str
    kind: Kind
    bytes: int
    path: str
    layer: int
    text: str
    remedy: str
    line: int | None = None
    count: int = 1  # files, packages
    safe: bool = False
    base: bool = False  # it belongs to the base image
    rewrite: bool = False
    paths: tuple[str, ...] = ()  # further ones, the largest first
    packages: tuple[str, ...] = ()  # affected packages, the largest first


class Efficiency(Struct, frozen=True, kw_only=True):
    """Efficiency as dive defines it: `score` is 0 to 1, `wasted` are the bytes of all copies of files that
    are stored more than once or removed, `wasted_share` their share of the bytes above the lowest layer."""

    score: float
    wasted: int
    wasted_share: float
    files: tuple[tuple[str, int, int], ...] = ()  # path, copies, bytes of all of them


class Cost(Struct, frozen=True, kw_only=True):
    """Bytes that one roll-out pulls (`pulled`), and that all nodes store (`stored`)."""

    replicas: int
    nodes: int
    pulled: int
    stored: int


class Analysis(Struct, frozen=True, kw_only=True):
    """The analysis of an image. `size` is the sum of its layers, `own_size` that of the layers above the base
    image; `avoidable` is the sum of the findings, each byte counted once."""

    name: str
    size: int
    own_size: int
    layers: tuple[LayerView, ...]
    trees: tuple[Node, ...]  # one for each layer, its own changes
    merged: Node  # what a container sees
    efficiency: Efficiency
    findings: tuple[Waste, ...] = ()
    avoidable: int = 0
    cost: Cost | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    architecture: str = ""
    packages: int = 0
    files: int = 0
    warnings: tuple[str, ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """One limit for CI and whether the image meets it."""

    name: str  # "max-size", "min-efficiency", dive's "lowestEfficiency", …
    limit: str
    found: str
    ok: bool
