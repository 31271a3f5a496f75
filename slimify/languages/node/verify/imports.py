"""The packages that the application's sources import, resolved as Node does."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from slimify.model.sources import Use
from slimify.verify.disk import imports
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check

_NO_PACKAGES = (".", "/", "node:", "#", "@/", "~/")  # how imports of something else begin


def check(evidence: Evidence) -> Check:
    """Every import that resolves in the original image must resolve in the rewritten one.

    Only sources that run as written count: imports of TypeScript, and of sources missing in the rewritten
    image, are part of a bundle or of compiled output.
    """
    return imports.compare_imports(
        evidence, _uses(evidence), _search, counts=lambda file: _is_executed(evidence, file)
    )


def _uses(evidence: Evidence) -> Iterator[Use]:
    for use in evidence.runtime_needs.sources.imports if evidence.runtime_needs else ():
        if use.name.strip(".") and not use.name.startswith(_NO_PACKAGES):
            yield use


def _is_executed(evidence: Evidence, file: str) -> bool:
    return file.endswith((".js", ".mjs", ".cjs")) and evidence.after.entry(file) is not None


def _search(side: Side) -> imports.Search:
    listed = side.env.get("NODE_PATH", "").split(":")
    everywhere = (*node_modules_above(side.workdir), *(place for place in listed if place.startswith("/")))

    def located(name: str, file: str) -> str | None:
        return _package(side, node_modules_above(posixpath.dirname(file)), name) or _package(
            side, everywhere, name
        )

    return located


def node_modules_above(path: str) -> Iterator[str]:
    """The node_modules of a directory and of those above it."""
    path = "/" + path.strip("/")
    while True:
        yield posixpath.join(path, "node_modules")
        if path in ("/", ""):
            return
        path = posixpath.dirname(path)


def _package(side: Side, places: Iterable[str], name: str) -> str | None:
    """The directory of a package: `express`, `@nestjs/core`, `lodash/fp` → lodash."""
    parts = name.split("/")
    package = "/".join(parts[: 2 if name.startswith("@") else 1])
    for place in places:
        path = posixpath.join(place, package)
        if side.entry(path) is not None:
            return path
    return None
