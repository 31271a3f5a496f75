"""Files downloaded for an install in the final stage: package files and keys.

The commands that download, unpack and delete them have to be executed in the final stage too.
"""

from __future__ import annotations

from collections.abc import Mapping

from slimify.analysis.graph.graph import Graph
from slimify.model.decisions import Role
from slimify.model.effects import ADDS_FILES, LEAVES_NOTHING, USES_PACKAGE_LISTS, WORKS_BY_PATH
from slimify.semantics.paths import inside, overlap

_DOWNLOAD_KINDS = WORKS_BY_PATH | LEAVES_NOTHING


def final_stage_downloads(graph: Graph, roles: Mapping[int, Role]) -> frozenset[int]:
    """The steps, by number, that have to be executed with an install of the final stage. `roles` are those
    that are known so far."""
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
