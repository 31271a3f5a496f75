"""Needless npm packages in images."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from slimify.analyze.image_inputs import ImageInputs, StoredFile, WasteFinding, by_layer
from slimify.analyze.programs import mentioned_programs
from slimify.analyze.waste.development_packages import packages_finding
from slimify.context.values import json_of
from slimify.image.layout import mapping
from slimify.languages.node.package_facts import bin_packages, npm
from slimify.model.regex import regex

RUNTIME = ("dependencies", "optionalDependencies", "peerDependencies")
STEPS = 100_000  # of following dependencies
_PACKAGE = regex(r"/node_modules/((?:@[^/]+/)?[^/]+)/package\.json$")
_REQUIRED = regex(r"""(?:\brequire\(|\bimport\(|\bfrom|\bimport)\s*["']([^"'./\s][^"'\s]*)["']""")


def package_commands(inputs: ImageInputs) -> frozenset[str]:
    """The programs that installed packages start."""
    names = {match[1] for path in inputs.image.contents if (match := _PACKAGE.search(path))}
    return frozenset(command for name in names for command in npm(name).commands)


def development_packages(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Packages that an application's manifest lists for development only. Workspaces share node_modules, so
    packages needed by any workspace stay."""
    manifests = {
        posixpath.dirname(path): _json(data)
        for path, data in sorted(inputs.image.contents.items())
        if path.endswith("/package.json") and "/node_modules/" not in path
    }
    # Packages named by the start command or imported by a source stay, with their dependencies.
    used = mentioned_programs(inputs) | _imports(inputs)
    used |= {name for word in used for name in bin_packages(word)}
    development: set[str] = set()
    kept: set[str] = set()
    for above, manifest in manifests.items():
        own = _names(manifest, "devDependencies")
        runtime = _names(manifest, *RUNTIME) | (own & used)
        kept |= _with_dependencies(inputs, above, runtime)
        development |= _with_dependencies(inputs, above, own - runtime)
    files = [item for place in sorted(development - kept) for item in _own_files(inputs, place)]
    names = {place: place.rpartition("/node_modules/")[2] for place in development}
    for part in by_layer(files).values():
        path = part[0].path.partition("/node_modules/")[0] + "/node_modules"
        yield packages_finding(inputs, part, names, path, "node")


def _names(manifest: Mapping[str, object], *keys: str) -> set[str]:
    return {str(name) for key in keys for name in mapping(manifest.get(key))}


def _imports(inputs: ImageInputs) -> frozenset[str]:
    """The packages that the program's own sources import."""
    names = (match for text in inputs.sources_of("node") for match in _REQUIRED.findall(text))
    return frozenset("/".join(name.split("/")[: 2 if name[0] == "@" else 1]) for name in names)


def _with_dependencies(inputs: ImageInputs, application: str, names: set[str]) -> set[str]:
    """The directories of packages and all their dependencies, resolved as Node does: in the nearest
    node_modules upwards, following links (Node's modules documentation, "Loading from node_modules")."""
    found: set[str] = set()
    waiting = [(name, application) for name in sorted(names)]
    for _ in range(STEPS):
        if not waiting:
            break
        name, start = waiting.pop()
        place = _located(inputs, name, start)
        if not place or place in found:
            continue
        found.add(place)
        manifest = _json(inputs.image.contents.get(f"{place}/package.json", b""))
        waiting += [(need, place) for need in sorted(_names(manifest, *RUNTIME))]
    return found


def _located(inputs: ImageInputs, name: str, start: str) -> str:
    here = start
    while True:
        if posixpath.basename(here) != "node_modules" and (
            place := inputs.files.place(f"{here}/node_modules/{name}")
        ):
            return place
        if here in ("", "/"):
            return ""
        here = posixpath.dirname(here)


def _own_files(inputs: ImageInputs, place: str) -> Iterator[StoredFile]:
    """The files of a package without the packages installed inside it."""
    inner = f"{place}/node_modules/"
    return (item for item in inputs.files_below(place) if not item.path.startswith(inner))


def _json(data: bytes) -> Mapping[str, object]:
    return mapping(json_of(data))
