"""Packages of Node and Python that only developing needs."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from slimify.analyze.image_inputs import Found, Sight, Stored, by_layer, finding
from slimify.analyze.programs import called
from slimify.image.layout import mapping
from slimify.languages import LANGUAGES

NAMED = 4  # packages that the sentence names
RUNTIME = ("dependencies", "optionalDependencies", "peerDependencies")
STEPS = 100_000  # of following dependencies
_PACKAGE = re.compile(r".*/node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json")
_DISTRIBUTION = re.compile(r"(.*/(?:site|dist)-packages)/([^/]+?)-[^/-]+\.dist-info/METADATA")
_REQUIRED = re.compile(r"""(?:\brequire\(|\bimport\(|\bfrom|\bimport)\s*["']([^"'./\s][^"'\s]*)["']""")
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([^\n#]+)", re.MULTILINE)


def is_manifest(path: str) -> bool:
    """Whether a file says what Node packages need each other; for the `keep` of a reader."""
    return path.endswith("/package.json") and (
        "/node_modules/" not in path or _PACKAGE.fullmatch(path) is not None
    )


def find(sight: Sight) -> Iterator[Found]:
    """Findings for each application's node_modules and for each layer's Python packages."""
    if sight.readable:
        yield from _node(sight)
        yield from _python(sight)


def _facts(of: str) -> Any:
    """What a language knows about packages by their names."""
    return next(known for known in LANGUAGES if known.name == of).part("package_facts")


# --- Node -----------------------------------------------------------------------------------------


def _node(sight: Sight) -> Iterator[Found]:
    """Workspaces share one node_modules: what any of them needs stays."""
    manifests = {
        posixpath.dirname(path): _json(data)
        for path, data in sorted(sight.image.contents.items())
        if path.endswith("/package.json") and "/node_modules/" not in path
    }
    # What the start names or a source imports stays, with all it needs.
    used = called(sight) | _imports(sight)
    used |= {name for word in used for name in _facts("node").bin_packages(word)}
    development: set[str] = set()
    kept: set[str] = set()
    for above, manifest in manifests.items():
        own = _names(manifest, "devDependencies")
        runtime = _names(manifest, *RUNTIME) | (own & used)
        kept |= _closure(sight, above, runtime)
        development |= _closure(sight, above, own - runtime)
    files = [item for place in sorted(development - kept) for item in _own_files(sight, place)]
    names = {place: place.rpartition("/node_modules/")[2] for place in development}
    for part in by_layer(files).values():
        yield _finding(
            sight,
            part,
            names,
            code="SL710",
            path=part[0].path.partition("/node_modules/")[0] + "/node_modules",
            text="Development dependencies: {}. Neither the start command nor a source uses them.",
            remedy="npm ci --omit=dev in the final stage, or npm prune --omit=dev after the build",
            rewrite=True,
        )


def _names(manifest: Mapping[str, object], *keys: str) -> set[str]:
    return {str(name) for key in keys for name in mapping(manifest.get(key))}


def _imports(sight: Sight) -> frozenset[str]:
    """The packages that the program's own sources import, wherever they say that they do."""
    names = (match for text in sight.sources_of("js") for match in _REQUIRED.findall(text))
    return frozenset("/".join(name.split("/")[: 2 if name[0] == "@" else 1]) for name in names)


def _closure(sight: Sight, application: str, names: set[str]) -> set[str]:
    """The directories of packages and of all that they need, found as Node finds them: in the nearest
    node_modules upwards, links followed (Node's modules documentation, "Loading from node_modules")."""
    found: set[str] = set()
    waiting = [(name, application) for name in sorted(names)]
    for _ in range(STEPS):
        if not waiting:
            break
        name, start = waiting.pop()
        place = _located(sight, name, start)
        if not place or place in found:
            continue
        found.add(place)
        manifest = _json(sight.image.contents.get(f"{place}/package.json", b""))
        waiting += [(need, place) for need in sorted(_names(manifest, *RUNTIME))]
    return found


def _located(sight: Sight, name: str, start: str) -> str:
    here = start
    while True:
        if posixpath.basename(here) != "node_modules" and (
            place := sight.files.place(f"{here}/node_modules/{name}")
        ):
            return place
        if here in ("", "/"):
            return ""
        here = posixpath.dirname(here)


def _own_files(sight: Sight, place: str) -> Iterator[Stored]:
    """A package's files without the packages that are installed in it: these are judged by themselves."""
    inner = f"{place}/node_modules/"
    return (item for item in sight.below(place) if not item.path.startswith(inner))


def _json(data: bytes) -> Mapping[str, object]:
    try:
        return mapping(json.loads(data))
    except (ValueError, RecursionError):
        return {}


# --- Python ---------------------------------------------------------------------------------------


def _python(sight: Sight) -> Iterator[Found]:
    """Well-known test and lint tools that neither the start nor a source of the program uses."""
    words = called(sight)
    modules = _modules(sight)
    places: dict[str, str] = {}
    for item in sight.stored:
        match = _DISTRIBUTION.fullmatch(item.path)
        facts = _facts("python").pypi(match[2]) if match else None
        if match is None or facts is None or not facts.development or words & {facts.name, *facts.scripts}:
            continue
        own = {module.split(".")[0] for module in facts.imports}
        if sight.packages.owner_of(item.path) is None and not modules & own:
            places[posixpath.dirname(item.path)] = facts.name
            places.update(
                (f"{match[1]}/{name}{ending}", facts.name) for name in own for ending in ("", ".py")
            )
    files = [item for place in sorted(places) for item in sight.below(place)]
    for part in by_layer(files).values():
        yield _finding(
            sight,
            part,
            places,
            code="SL711",
            path=posixpath.dirname(next(iter(places))),
            text="Tools for developing: {}. Neither the start command nor a source uses them.",
            remedy="keep them in requirements of their own that the image doesn't install",
            rewrite=False,
        )


def _modules(sight: Sight) -> frozenset[str]:
    """The modules that the program's own Python sources import, without what is in them."""
    lines = (line for text in sight.sources_of("py") for line in _IMPORT.findall(text))
    return frozenset(word.split(".")[0] for line in lines for word in line.replace(",", " ").split())


def _finding(
    sight: Sight,
    files: list[Stored],
    names: Mapping[str, str],
    *,
    code: str,
    path: str,
    text: str,
    remedy: str,
    rewrite: bool,
) -> Found:
    """`names` are those of the packages by the directories that they lie in."""
    sizes: dict[str, int] = {}
    for item in files:
        place = item.path
        while place not in names:
            place = posixpath.dirname(place)
        sizes[names[place]] = sizes.get(names[place], 0) + item.size
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    more = f" and {len(largest) - NAMED} more" if len(largest) > NAMED else ""
    found = finding(
        sight,
        files,
        code=code,
        kind="development",
        path=path,
        text=text.format(", ".join(largest[:NAMED]) + more),
        remedy=remedy,
        rewrite=rewrite,
    )
    return replace(found, waste=replace(found.waste, packages=tuple(largest), count=len(largest)))
