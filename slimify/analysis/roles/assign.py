"""Roles of all steps, and the artifacts that run time needs, from the def-use graph of a stage.

`natural_roles` decides what the nature of a step alone decides. `Solution` applies the rules for COPY, ADD
and steps that work on files until nothing changes. What depends on what the final stage then lacks is decided
last: the steps beside installs, and globs that would match something else there.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Sequence

from slimify.analysis.graph.graph import Node
from slimify.analysis.roles.copy_rules import COPY_RULES
from slimify.analysis.roles.file_rules import FILE_RULES
from slimify.analysis.roles.model import Artifact, Given, Roles
from slimify.analysis.roles.natural_roles import installed_regions, natural_roles
from slimify.analysis.roles.solution import Rule, Solution
from slimify.facts.system import is_shared_directory
from slimify.model.decisions import Reason
from slimify.model.effects import ADDS_FILES, INSTALLS_NOTHING, Effect
from slimify.semantics.paths import inside, is_glob, outermost, overlap

RULES: tuple[Rule, ...] = (*FILE_RULES, *COPY_RULES)


def assign_roles(given: Given, rules: Sequence[Rule] = RULES) -> Roles:
    """Roles for all steps. The result does not depend on the order of the rules."""
    solution = Solution(given, natural_roles(given))
    solution.add(*installed_regions(given))
    solution.solve(rules)
    _assign_steps_beside(solution)
    _keep_directories(solution)
    return Roles(
        steps={n.key: solution.roles[n.number] for n in given.graph.nodes},
        reasons={n.key: solution.reasons[n.number] for n in given.graph.nodes},
        artifacts=_artifacts(solution),
    )


def _artifacts(solution: Solution) -> tuple[Artifact, ...]:
    """What is copied: the outermost regions of build steps that are live at the end. A directory that is
    copied for its new owner is there from its first file on."""
    live = {r.path: r for r in solution.live_regions()}
    plain = [live[p] for p in outermost(p for p, r in live.items() if not r.whole)]
    found: list[tuple[int, Artifact]] = []
    for path in outermost(live):
        made = live[path]
        below = [r for r in plain if inside(r.path, path)] if made.whole else [made]
        first = min(below, key=lambda r: r.position)
        artifact = Artifact(
            path=path,
            first=first.node.key[0],
            user="root" if made.whole else first.node.user,
            kind=next((r.kind for r in below if r.kind == "build"), made.kind),
            ecosystem=made.ecosystem,
            is_file=made.is_file,
        )
        found.append((first.position, artifact))
    return tuple(artifact for _, artifact in sorted(found, key=lambda pair: pair[0]))


def _keep_directories(solution: Solution) -> None:
    """A COPY that only the build needs stays where a later step of the final stage needs the directory that
    it creates: redirections and most programs create none. The additional files do no harm."""
    for node in solution.graph.nodes:
        needed = (
            () if solution.in_builder(node) else [p for e in node.effects for p in _needed_directories(e)]
        )
        for place in needed:
            built, final = solution.definitions(place, node)
            there = (r.path for r in solution.live_regions() if r.node.key[0] <= node.key[0])
            if final or any(overlap(p, place) for p in (*solution.graph.workdirs, *there)):
                continue
            for copy in [n for n in built if n.nature == "copy"][:1]:
                line = node.visit.instruction.line
                solution.roles[copy.number] = "both"
                solution.reasons[copy.number] = Reason.of("SL224", "directory", path=place, at=line)


def _needed_directories(effect: Effect) -> Sequence[str]:
    """The directories that have to exist before an effect."""
    options = "".join(w.text for w in effect.command.words if w.text.startswith("-"))
    if effect.kind not in ADDS_FILES or (effect.tool in ("mkdir", "install") and "p" in options):
        return ()
    found = (posixpath.dirname(w) for w in effect.writes if w.startswith("/"))
    return [p for p in found if not is_shared_directory(p) and not is_glob(p)]


def _assign_steps_beside(solution: Solution) -> None:
    """Package lists, caches and removals have the role of the other commands in their RUN."""
    runs: dict[int, list[Node]] = defaultdict(list)
    for node in solution.graph.nodes:
        runs[node.key[0]].append(node)
    for nodes in runs.values():
        real = {solution.roles[n.number] for n in nodes if not n.kinds <= INSTALLS_NOTHING}
        for node in nodes:
            if node.nature == "beside" and real in ({"build"}, {"run"}):
                solution.roles[node.number] = next(iter(real))
