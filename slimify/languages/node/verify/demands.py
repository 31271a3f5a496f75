"""Node packages that manifests demand: the application and its installed packages must find their
dependencies.

Sources alone do not show this: plug-ins are named in settings, and most packages are loaded by other
packages.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.context.values import json_of
from slimify.languages.node.installed_packages import is_manifest
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Constraint, Finding, disk_check

PACKAGE = "SL534"


def check(evidence: Evidence) -> Check:
    """Every package that a manifest demands and that resolves in the original image must resolve in the
    rewritten one: in node_modules of the directory and of those above it."""
    findings: dict[str, Finding] = {}
    count = 0
    for path, manifest in _manifests(evidence):
        folder = posixpath.dirname(path)
        for name in _required_packages(manifest, installed="/node_modules/" in path):
            old = _resolved(evidence.before, folder, name)
            if old is None:
                continue
            count += 1
            if _resolved(evidence.after, folder, name) is None:
                text = f"{path} wants {name}, which is not installed"
                need = Constraint(need="path", value=old, reason=text)
                findings.setdefault(name, Finding(code=PACKAGE, text=text, path=old, constraints=(need,)))
    return disk_check("packages", findings.values(), f"{count} demands of manifests are met")


def _manifests(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The manifests in the rewritten image's own layers. Of those that are not installed only the
    application's counts (in the start directory, or next to its packages), not examples and fixtures."""
    after = evidence.after
    for path, text in sorted(after.image.contents.items()):
        if not is_manifest(path) or (after.files.layer(path) or 0) < after.first_own_layer:
            continue
        folder = posixpath.dirname(path)
        own = folder == after.workdir or evidence.before.entry(f"{folder}/node_modules") is not None
        if "/node_modules/" not in path and not own:
            continue
        manifest = json_of(text)
        if isinstance(manifest, dict):
            yield path, manifest


def _required_packages(manifest: Mapping[str, Any], *, installed: bool) -> Iterator[str]:
    """The packages that a manifest requires. Installed packages also require their peers; those of an
    application matter only in development."""
    optional = _table(manifest, "peerDependenciesMeta")
    yield from _table(manifest, "dependencies")
    yield from _table(manifest, "optionalDependencies")
    for name in _table(manifest, "peerDependencies") if installed else ():
        told = optional.get(name)
        if not (isinstance(told, dict) and told.get("optional")):
            yield name


def _table(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = manifest.get(name)
    return table if isinstance(table, dict) else {}


def _resolved(side: Side, folder: str, name: str) -> str | None:
    """The directory of the package that `name` resolves to for a module in `folder`."""
    while True:
        if posixpath.basename(folder) != "node_modules":
            path = posixpath.join(folder, "node_modules", name)
            if side.entry(f"{path}/package.json") is not None:
                return path
        if not folder.strip("/"):
            return None
        folder = posixpath.dirname(folder)
