"""What an analysis says. Sizes are bytes as files have them, not as they are compressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Change = Literal["added", "modified", "removed", "unmodified"]
Kind = Literal[
    "cache",  # build and download caches, package lists
    "toolchain",  # compilers, headers, build tools
    "development",  # development dependencies
    "unused",  # installed packages that nothing uses
    "duplicate",  # stored twice: overwritten, or equal content at several places
    "deleted",  # removed by a later layer, but still carried
    "source-control",  # .git and the like, tests, documentation
    "static",  # large files that no source names
    "debug",  # symbol tables and debugging sections
    "secret",  # keys, tokens, credentials
]


class Node(Struct, frozen=True, kw_only=True):
    """A file or directory of a layer's own tree. `size` counts a directory's content."""

    name: str
    path: str
    kind: str  # of image.model.Kind
    change: Change
    size: int
    mode: int = 0
    uid: int = 0
    gid: int = 0
    target: str = ""
    children: tuple[Node, ...] = ()


class LayerView(Struct, frozen=True, kw_only=True):
    """One layer: the instruction that made it and what it did. `base`: it came with the base image.

    `line` is that of the instruction in the Dockerfile, None where none was given or none fits.
    `added`, `modified` and `removed` count files, `hidden` are the bytes of files below that it
    overwrites or removes.
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
    """Something that a better image would not have. `safe`: nothing the image starts can need it.

    `remedy` says what to do, `code` is the reason code (SL7xx), `rewrite` whether `slimify rewrite`
    does it.
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
    base: bool = False  # it came with the base image
    rewrite: bool = False
    paths: tuple[str, ...] = ()  # further ones, the largest first
    packages: tuple[str, ...] = ()  # that it is about, the largest first


class Efficiency(Struct, frozen=True, kw_only=True):
    """As dive defines them: `score` is 0 to 1, `wasted` the bytes of all copies of files that are
    stored more than once or removed, `wasted_share` those bytes of what lies above the base layer."""

    score: float
    wasted: int
    wasted_share: float
    files: tuple[tuple[str, int, int], ...] = ()  # path, copies, bytes of all of them


class Cost(Struct, frozen=True, kw_only=True):
    """What a number of containers moves and stores. Bytes for one roll-out and for all nodes."""

    replicas: int
    nodes: int
    pulled: int
    stored: int


class Analysis(Struct, frozen=True, kw_only=True):
    """An image, looked at. `size` is the sum of its layers, `avoidable` what the findings add up to,
    each byte counted once; `own` what lies above the base image."""

    name: str
    size: int
    own: int
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
    """One limit for CI and how the image stands to it."""

    name: str  # "max-size", "min-efficiency", dive's "lowestEfficiency", …
    limit: str
    found: str
    ok: bool
