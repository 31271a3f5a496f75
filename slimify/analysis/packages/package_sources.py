"""Package sources and package files: which commands provide them, and whether the final stage installs from
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.analysis.graph.graph import AtomKey, Graph
from slimify.facts import merged
from slimify.facts.system import is_package_source
from slimify.model.decisions import PackageVerdict, Role
from slimify.model.effects import (
    ADDS_FILES,
    CHANGES_FILES,
    LEAVES_NOTHING,
    USES_PACKAGE_LISTS,
    WORKS_BY_PATH,
    Effect,
)
from slimify.semantics.paths import inside, overlap
from slimify.semantics.walk import Visit

_DOWNLOAD_KINDS = WORKS_BY_PATH | LEAVES_NOTHING


def adds_source(effects: Sequence[Effect]) -> bool:
    """Whether the commands only add a package source: lists, keys, and downloads for them."""
    kinds = {e.kind for e in effects}
    if "source" in kinds:
        return kinds <= LEAVES_NOTHING | {"source", "fetch", "files", "index"}
    writes = [w for e in effects for w in e.writes]
    return (
        bool(writes)
        and kinds <= LEAVES_NOTHING | CHANGES_FILES | {"fetch"}
        and all(map(is_package_source, writes))
    )


def serves_build_only(
    visit: Visit, number: int, packages: Mapping[AtomKey, tuple[PackageVerdict, ...]]
) -> bool:
    """Whether only the build needs the packages that are installed from the source."""
    text = visit.script.source_of(number)
    offered = merged("package-sources.toml")["offered"]
    names = {name for word, found in offered.items() if word in text for name in found}
    verdicts = [v for found in packages.values() for v in found if v.name in names]
    return bool(verdicts) and all(v.role == "build" for v in verdicts)


def final_stage_downloads(graph: Graph, roles: Mapping[int, Role]) -> frozenset[int]:
    """The steps, by number, that download, unpack and delete package files and keys for an install of the
    final stage, and so have to be executed there too. `roles` are those that are known so far."""
    wanted: list[str] = []  # the files that installs read, and those that these are made of
    made: dict[int, tuple[str, ...]] = {}
    for node in reversed(graph.nodes):
        final = roles.get(node.number, "build") != "build"
        plain = node.kinds & ADDS_FILES and node.kinds <= _DOWNLOAD_KINDS
        if final:
            wanted += [p for e in node.effects if e.kind in USES_PACKAGE_LISTS for p in e.reads]
        elif plain and any(overlap(p, w) for p in wanted for w in node.writes):
            made[node.number] = node.writes
            wanted += node.reads
    there = [w for writes in made.values() for w in writes]
    built = (n for n in graph.nodes if roles.get(n.number) == "build")
    deleting = (n.number for n in built if any(inside(w, d) for w in there for d in n.deletes))
    return frozenset((*made, *deleting))
