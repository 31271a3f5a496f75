"""The roles of a stage as a fixed point of rules over its def-use graph.

A step starts in the final stage and moves to the builder once a rule shows that nothing of the final stage
needs it there. Rules only ever move steps in this direction and add regions that are copied, so their order
does not matter: they are applied until none finds anything new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from slimify.analysis.graph.graph import Graph, Node
from slimify.analysis.graph.natures import Nature
from slimify.analysis.roles.model import Finding, Given, Region
from slimify.facts.system import is_package_source, is_scratch
from slimify.languages import languages
from slimify.model.decisions import Reason, Role
from slimify.model.effects import Action, Effect
from slimify.semantics.paths import PathMarks, ancestors, inside, is_glob, is_named_place, overlap

# The nature of the steps that a rule is about, and the rule.
Rule = tuple[Nature | Literal["any"], Callable[["Solution", Node], Finding | None]]

_RANK: Mapping[Role, int] = {"run": 0, "unknown": 1, "both": 2, "build": 3}


class Solution(Struct, dict=True):
    """The roles found so far, by the number of the step, and the regions that are copied, by path.
    `decided` is what the natures of the steps decide."""

    given: Given
    decided: Mapping[int, Finding]
    roles: dict[int, Role] = field(default_factory=dict)
    reasons: dict[int, Reason] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)  # the last position that defines a region
    _marks: PathMarks = field(default_factory=PathMarks)
    _trees: set[str] = field(default_factory=set)  # the live regions that are directories

    @property
    def graph(self) -> Graph:
        return self.given.graph

    # --- what rules ask ------------------------------------------------------------------------------

    def in_builder(self, node: Node) -> bool:
        """Whether a step is executed in the builder only."""
        return self.roles[node.number] == "build"

    def is_built(self, path: str) -> bool:
        """Whether a path is in a region of the builder."""
        return self._marks.containing(path) >= 0

    def makes(self, path: str) -> bool:
        """Whether a region is what a path or glob names, or below it."""
        matched = is_glob(path) and any(fnmatchcase(region, path) for region in self.regions)
        return matched or self._marks.below(path) >= 0

    def is_owned(self, path: str, node: Node) -> bool:
        """Whether a path is below a region, or is one that is there before a step or gets its owner later."""
        found = ((d, self.regions[d]) for d in ancestors(path) if d in self.regions)
        return any(d != path or r.position < node.number or r.whole for d, r in found)

    def is_copied(self, path: str) -> bool:
        """Whether a path is in a directory that is copied whole."""
        return any(directory in self._trees for directory in ancestors(path))

    def is_live(self, region: Region) -> bool:
        """Whether a region exists at the end and is of use: it is not deleted again, not temporary, not an
        archive that is unpacked, not sources that something was installed from."""
        path = region.path
        return is_named_place(path) or not (
            self.graph.deleted_at(path) > self._last[path]
            or (is_scratch(path) and path not in self._link_targets)
            or path in self.unpacked
            or path in self._source_trees
            or is_package_source(path)
            or path.rpartition("/")[2] in self._lock_files
        )

    def live_regions(self) -> list[Region]:
        return [r for r in self.regions.values() if self.is_live(r)]

    def definitions(self, path: str, before: Node) -> tuple[list[Node], list[Node]]:
        """The steps that may define what a path or glob names before a step: those that only the builder
        executes, and those of the final stage."""
        built: list[Node] = []
        final: list[Node] = []
        for node in self.graph.definitions(path, before):
            if node.nature != "copy" or node.brings(path):
                (built if self.in_builder(node) else final).append(node)
        return built, final

    def lacks_files(self, before: Node) -> bool:
        """Whether only the builder has files that COPY or a build step brought before a step."""
        copied = (n for n in self.graph.nodes if n.nature == "copy" and n.number < before.number)
        made = (r.position for r in self.regions.values())
        return any(map(self.in_builder, copied)) or any(position < before.number for position in made)

    def final_stage_uses(self, paths: Sequence[str], after: Node, until: int) -> bool:
        """Whether a step of the final stage, after another one and before a position, may read or change one
        of the paths."""
        later = (n for n in self.graph.nodes if after.number < n.number < until and not self.in_builder(n))
        return any(n.nature != "state" and n.may_use(paths) for n in later)

    @cached_property
    def _link_targets(self) -> frozenset[str]:
        effects = (e for n in self.graph.nodes for e in n.effects)
        return frozenset(r for e in effects if e.action == Action.LINK for r in e.reads)

    @cached_property
    def unpacked(self) -> frozenset[str]:
        """The archives that build steps unpack."""
        natural = ((n, self.decided.get(n.number)) for n in self.graph.nodes)
        built = (n for n, found in natural if found is not None and found.role == "build")
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

    @cached_property
    def _lock_files(self) -> frozenset[str]:
        return frozenset(name for known in languages() for name in known.lock_files)

    # --- the fixed point -----------------------------------------------------------------------------

    def solve(self, rules: Sequence[Rule]) -> None:
        """Applies the rules until nothing changes. Of several reasons for a role, the first by name stays."""
        start = {n.number: self.decided.get(n.number) or _in_final_stage(n) for n in self.graph.nodes}
        self.roles |= {number: found.role for number, found in start.items()}
        for found in start.values():
            self.add(*found.regions)
        changed = True
        while changed:
            changed = False
            self.reasons = {}
            for node in self.graph.nodes:
                fitting = (rule for nature, rule in rules if nature in (node.nature, "any"))
                for found in filter(None, (rule(self, node) for rule in fitting)):
                    changed |= self.add(*found.regions)
                    changed |= node.number not in self.decided and self._judge(node.number, found)
        self.reasons = {number: self.reasons.get(number, found.reason) for number, found in start.items()}

    def _judge(self, number: int, found: Finding) -> bool:
        """Whether a finding is new."""
        known = self.roles[number]
        if found.role != known and _RANK[found.role] > _RANK[known]:
            self.roles[number] = found.role
            self.reasons[number] = found.reason
        elif found.role == known:
            said = self.reasons.setdefault(number, found.reason)
            self.reasons[number] = min(said, found.reason, key=lambda r: (r.code, r.form))
        return self.roles[number] != known

    def add(self, *regions: Region) -> bool:
        """Adds regions; of several at a path the first one stays. Whether one of them is new."""
        new = False
        for region in regions:
            path, position = region.path, region.position
            known = self.regions.get(path)
            if known is None or position < known.position:
                self.regions[path] = region
                new = True
            if known is None or position > self._last[path]:
                self._last[path] = position
                new = True
            self._marks.note(path)
            if not region.is_file and self.is_live(region):
                self._trees.add(path)
        return new


def _in_final_stage(node: Node) -> Finding:
    """What a step is taken for as long as no rule says anything else."""
    if node.nature == "beside":
        return Finding("both", Reason.of("SL218", "beside"))
    if node.nature == "copy":
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
