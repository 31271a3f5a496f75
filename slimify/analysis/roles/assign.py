"""Roles of all steps, and the artifacts that run time needs, as a fixed point over the def-use graph of a
stage.

`natural_roles` says what the effects of a step decide alone. COPY, ADD and steps that only work on files
start in the final stage, and move to the builder once a rule shows that nothing needs them there. Rules only
ever move steps in this direction and add regions that are copied, so their order does not matter: they are
applied until none finds anything new. What depends on what the final stage then lacks is decided last: the
steps beside installs, and directories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.graph.graph import Graph, Node
from slimify.analysis.roles.model import Artifact, Finding, Given, Roles
from slimify.analysis.roles.natural_roles import BESIDE, installed_regions, natural_roles
from slimify.analysis.roles.rules import RULES
from slimify.facts.system import is_package_source, is_scratch
from slimify.languages import languages
from slimify.model.decisions import Reason, Role
from slimify.model.effects import INSTALLS_NOTHING, Action, Effect
from slimify.semantics.paths import ancestors, inside, is_named_place, outermost, overlap

# Which of the steps that are open a rule is about, or any step; and the rule.
Rule = tuple[Literal["files", "copy", "any"], Callable[["Solution", Node], Finding | None]]

_RANK: Mapping[Role, int] = {"run": 0, "unknown": 1, "both": 2, "build": 3}


class Solution(Struct, dict=True):
    """What is found so far, by the number of the step, and the regions that are copied, by path. `decided` is
    what the effects of the steps decide alone."""

    given: Given
    decided: Mapping[int, Finding]
    found: dict[int, Finding] = field(default_factory=dict)
    regions: dict[str, Artifact] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.given.graph

    # --- what rules ask ------------------------------------------------------------------------------

    def in_builder(self, node: Node) -> bool:
        """Whether a step is executed in the builder only."""
        return self.found[node.number].role == "build"

    def above(self, path: str) -> list[Artifact]:
        """The regions that a path is in."""
        return [self.regions[directory] for directory in ancestors(path) if directory in self.regions]

    def is_live(self, region: Artifact) -> bool:
        """Whether a region exists at the end and is of use: it is not deleted again, not temporary, not an
        archive that is unpacked, not sources that something was installed from."""
        path = region.path
        return is_named_place(path) or not (
            self.graph.deleted_at(path) > region.until
            or (is_scratch(path) and path not in self._link_targets)
            or path in self.unpacked
            or path in self._source_trees
            or is_package_source(path)
            or any(path.rpartition("/")[2] in known.lock_files for known in languages())
        )

    def live_regions(self) -> list[Artifact]:
        return [r for r in self.regions.values() if self.is_live(r)]

    @cached_property
    def _link_targets(self) -> frozenset[str]:
        effects = (e for n in self.graph.nodes for e in n.effects)
        return frozenset(r for e in effects if e.action == Action.LINK for r in e.reads)

    @cached_property
    def unpacked(self) -> frozenset[str]:
        """The archives that build steps unpack, of those that their effects decide: that stays the same while
        rules are applied."""
        built = (n for n in self.graph.nodes if (f := self.decided.get(n.number)) and f.role == "build")
        return frozenset(r for n in built for e in n.effects if e.kind == "unpack" for r in e.reads)

    @cached_property
    def _source_trees(self) -> frozenset[str]:
        """The trees that a RUN unpacks or clones, builds and installs from, and that nothing names later."""
        found = {w: n for n in self.graph.nodes for e in n.effects if _brings_sources(e) for w in e.writes}
        named = {value for n in self.graph.nodes for value in n.state.env.values() if value}
        named |= self.given.runtime_names
        return frozenset(
            tree
            for tree, node in found.items()
            if any(_installs_from(tree, n) for n in self.graph.nodes if n.key[0] == node.key[0])
            and not any(n.may_use((tree,)) for n in self.graph.nodes if n.key[0] > node.key[0])
            and not any(overlap(tree, directory) for directory in self.graph.workdirs - {"/"})
            and not any(tree in text for text in named)
        )

    # --- the fixed point -----------------------------------------------------------------------------

    def solve(self, rules: Sequence[Rule]) -> None:
        """Applies the rules until nothing changes. Of findings that agree, the last by name stays."""
        self.found |= {n.number: self.decided.get(n.number) or _in_final_stage(n) for n in self.graph.nodes}
        for known in tuple(self.found.values()):
            self.add(*known.regions)
        changed = True
        while changed:
            changed = False
            for node in self.graph.nodes:
                known = self.found[node.number]
                is_open = node.number not in self.decided
                about = {"any", "copy" if node.is_copy else "files"} if is_open else {"any"}
                found = [f for kind, rule in rules if kind in about and (f := rule(self, node)) is not None]
                changed |= self.add(*(region for f in found for region in f.regions))
                if is_open:
                    best = max((known, *found), key=lambda f: (_RANK[f.role], f.reason.code, f.reason.form))
                    self.found[node.number] = best
                    changed |= best.role != known.role

    def add(self, *regions: Artifact) -> bool:
        """Adds regions; of several at a path the first one stays. Whether one of them is new."""
        new = False
        for region in regions:
            known = self.regions.get(region.path, region)
            first = region if region.position < known.position else known
            until = max(region.until, known.until)
            if region.path not in self.regions or first is not known or until > known.until:
                self.regions[region.path] = replace(first, last=until)
                new = True
        return new


def _in_final_stage(node: Node) -> Finding:
    """What a step is taken for as long as no rule says anything else."""
    if node.is_copy:
        return Finding("run", Reason.of("SL225", "files"))
    system = "system" in node.kinds
    return Finding("run", Reason.of("SL215", "system") if system else Reason.of("SL216", "files"))


def _brings_sources(effect: Effect) -> bool:
    return effect.kind == "unpack" or (effect.kind == "fetch" and effect.tool == "git")


def _installs_from(tree: str, node: Node) -> bool:
    """Whether a build in a tree also writes elsewhere: `make install`."""
    return any(
        e.kind == "build" and inside(e.cwd or "/", tree) and not all(inside(w, tree) for w in e.writes)
        for e in node.effects
    )


# --- the roles -----------------------------------------------------------------------------------------


def assign_roles(given: Given, rules: Sequence[Rule] = RULES) -> Roles:
    """Roles for all steps. The result does not depend on the order of the rules."""
    solution = Solution(given, natural_roles(given))
    solution.add(*installed_regions(given))
    solution.solve(rules)
    _assign_steps_beside(solution)
    return Roles(
        steps={n.key: solution.found[n.number].role for n in given.graph.nodes},
        reasons={n.key: solution.found[n.number].reason for n in given.graph.nodes},
        artifacts=_artifacts(solution),
    )


def _artifacts(solution: Solution) -> tuple[Artifact, ...]:
    """What is copied: the outermost regions of build steps that are live at the end. A directory that is
    copied for its new owner is there from its first file on."""
    live = {r.path: r for r in solution.live_regions()}
    plain = [live[p] for p in outermost(p for p, r in live.items() if not r.whole)]
    found: list[Artifact] = []
    for path in outermost(live):
        below = [r for r in plain if inside(r.path, path)] if live[path].whole else [live[path]]
        first = min(below, key=lambda r: r.position)
        kind = next((r.kind for r in below if r.kind == "build"), live[path].kind)
        found.append(replace(live[path], node=first.node, at=first.at, kind=kind))
    return tuple(sorted(found, key=lambda r: r.position))


def _assign_steps_beside(solution: Solution) -> None:
    """Package lists, caches and removals have the role of the other commands in their RUN."""
    runs: dict[int, list[Node]] = defaultdict(list)
    for node in solution.graph.nodes:
        runs[node.key[0]].append(node)
    for nodes in runs.values():
        roles = {solution.found[n.number].role for n in nodes if not n.kinds <= INSTALLS_NOTHING}
        for node in nodes:
            found = solution.found[node.number]
            if found.reason == BESIDE.reason and roles in ({"build"}, {"run"}):
                solution.found[node.number] = Finding(min(roles), found.reason)
