"""Node packages, by their manifests: what the application and its installed packages need is installed.

Sources alone do not tell: plug-ins are named in settings, and most of what is loaded is loaded by
other packages.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from slimify.languages.node.installed_packages import is_manifest
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Constraint, Finding

PACKAGE = "SL534"

_SHOWN = 5


def check(evidence: Evidence) -> Check:
    """What each manifest demands and the original found is found in the rewritten image, too: packages
    with their manifests, where Node looks for them (the directory itself and those above)."""
    findings: dict[str, Finding] = {}
    count = 0
    for path, manifest in _manifests(evidence):
        folder = posixpath.dirname(path)
        for name in _demanded(manifest, installed="/node_modules/" in path):
            old = _located(evidence.before, folder, name)
            if old is None:
                continue
            count += 1
            if _located(evidence.after, folder, name) is None:
                text = f"{path} wants {name}, which is not installed"
                need = Constraint(need="path", value=old, reason=text)
                findings.setdefault(name, Finding(code=PACKAGE, text=text, path=old, constraints=(need,)))
    texts = [finding.text for finding in findings.values()]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return Check(
        name="packages",
        layer="disk",
        ok=not findings,
        detail="; ".join(texts[:_SHOWN]) + more or f"{count} demands of manifests are met",
        findings=tuple(findings.values()),
    )


def _manifests(evidence: Evidence) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those of the rewritten image's own layers. Of what is not installed only the application's counts:
    where it is started, or where its packages are; there are examples and fixtures besides."""
    after = evidence.after
    for path, text in sorted(after.image.contents.items()):
        if not is_manifest(path) or (after.files.layer(path) or 0) < after.first_own_layer:
            continue
        folder = posixpath.dirname(path)
        own = folder == after.workdir or evidence.before.entry(f"{folder}/node_modules") is not None
        if "/node_modules/" not in path and not own:
            continue
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(manifest, dict):
            yield path, manifest


def _demanded(manifest: Mapping[str, Any], *, installed: bool) -> Iterator[str]:
    """The packages without which it does not work. Where it is installed, whoever installed it had to
    bring its peers; an application's own are its development's."""
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


def _located(side: Side, folder: str, name: str) -> str | None:
    """The directory of the package that a module in `folder` gets for a name."""
    while True:
        if posixpath.basename(folder) != "node_modules":
            path = posixpath.join(folder, "node_modules", name)
            if side.entry(f"{path}/package.json") is not None:
                return path
        if not folder.strip("/"):
            return None
        folder = posixpath.dirname(folder)
