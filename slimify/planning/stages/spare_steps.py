"""Steps that the builder need not execute: the final stage executes them, and no later step of the builder
reads anything that they make (rule P1).

A step is spare if its effects are known and each later step of the builder is known to use neither the files
that it makes or changes, nor its packages and accounts. What is copied has nothing of it either.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from slimify.analysis.graph.graph import Node, graph_of
from slimify.analysis.program import Program, Step
from slimify.facts.build_use import came_with, may_configure, may_serve_build, programs_with
from slimify.facts.packages import system_package
from slimify.languages import of_effect
from slimify.model.effects import (
    BUILDS,
    CHANGES_FILES,
    INSTALLS,
    NOT_FOR_RUN_TIME,
    READS_DIRECTORY,
    READS_SETTINGS,
    RUNS_CODE,
    SHAPES_IMAGE,
    USES_NAMED_PROGRAMS,
    Effect,
)
from slimify.model.regex import regex
from slimify.planning.layout import Layout, WordEdit
from slimify.planning.package_lists import are_lists_read
from slimify.semantics.effects.files import entered_by
from slimify.semantics.named_words import named_texts
from slimify.semantics.paths import inside, overlap

_NAME = regex(r"[A-Za-z_][\w-]*")
_LEFT_OUT = NOT_FOR_RUN_TIME - {"check"}  # a check is executed somewhere
_OF_PROJECT = READS_DIRECTORY | {"prune"}  # may run scripts of the project


def spare_steps(program: Program, layout: Layout) -> frozenset[int]:
    """The indexes of the steps that the builder of a layout need not execute."""
    end = layout.builder_end
    if end is None:
        return frozenset()
    nodes: dict[int, list[Node]] = defaultdict(list)
    for node in graph_of([step.visit for step in program.steps]).nodes:
        nodes[node.key[0]].append(node)
    later: list[Step] = []
    spare: set[int] = set()
    for step in reversed([s for s in program.steps if s.index <= end]):
        rest = _Rest(program, layout, tuple(later), tuple(n for s in later for n in nodes[s.index]))
        if step.index >= program.own and _is_whole(layout, step) and rest.needs_nothing_of(step, nodes):
            spare.add(step.index)
        else:
            later.insert(0, step)
    return frozenset(spare)


def _is_whole(layout: Layout, step: Step) -> bool:
    """Whether the final stage executes a step as the user wrote it."""
    index, final = step.index, layout.final.get(step.index)
    words = layout.words.get(index, WordEdit())
    if final is None or index in layout.replace or index in layout.builder_before:
        return False
    if step.keyword in ("COPY", "ADD"):
        return True
    left = (a for a in step.atoms if a.index not in final)
    return bool(step.atoms) and not words.replace and all(a.kinds <= _LEFT_OUT for a in left)


class _Rest(Struct, frozen=True, dict=True):
    """The steps of the builder after a step."""

    program: Program
    layout: Layout
    steps: tuple[Step, ...]
    nodes: tuple[Node, ...]

    def needs_nothing_of(self, step: Step, nodes: dict[int, list[Node]]) -> bool:
        own = nodes[step.index]
        effects = [e for node in own for e in node.effects]
        known = all(n.effects or n.is_copy for n in own) and bool(own)
        if not known or not all(map(_is_known, effects)):
            return False
        if any(e.kind == "index" for e in effects) and are_lists_read(self.steps):
            return False
        installs = [e for e in effects if e.kind == "packages"]
        paths = [p for n in own for p in (*n.defines, *n.writes, *n.deletes)]
        targets = step.visit.copy_targets if step.keyword in ("COPY", "ADD") else ()
        return (
            targets is not None
            and (not paths or not self._touches(step, paths))
            and (not installs or not self._uses_packages(installs))
            and not any(self._names_account(e) for e in effects if e.kind == "users")
        )

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(e for node in self.nodes for e in node.effects)

    @cached_property
    def _runs_code(self) -> bool:
        """Whether a later step may use anything. What only checks may fail without it."""
        return any(
            e.kind in ("check", *(RUNS_CODE - {"app"})) or e.writes_anywhere or e.reads_anything
            for e in self.effects
        ) or any(s.keyword == "RUN" and not s.effects for s in self.steps)

    # --- files ---------------------------------------------------------------------------------------

    def _touches(self, step: Step, paths: Sequence[str]) -> bool:
        """Whether a later step may use one of the paths, or the final stage copies one."""
        copied = (c.path for c in self.layout.copies)
        made = (d for n in self.nodes for d in n.defines)
        if self._runs_code or any(overlap(p, other) for other in (*copied, *made) for p in paths):
            return True
        entered = [e.cwd for n in self.nodes for e in n.effects if e.cwd != n.state.cwd]
        places = [place for place in map(entered_by, self.effects) if place is not None]
        if any(inside(p, place) and not step.state.view.is_dir(place) for place in places for p in paths):
            return True  # it makes the directory
        entered += places
        if any(cwd is None or inside(cwd, p) for cwd in entered for p in paths):
            return True
        targets = step.visit.copy_targets or () if step.keyword in ("COPY", "ADD") else ()
        changed = (e for e in step.effects if e.kind in CHANGES_FILES)
        shaped = [*targets, *(p for e in changed for p in (*e.writes, *e.outputs, *e.deletes))]
        values = [v for node in self.nodes for v in node.state.env.values()]
        if any(e.kind in READS_SETTINGS for e in self.effects) and any(
            may_configure(p, values) for p in shaped
        ):
            return True
        return any(
            any(overlap(p, place) for place in places for p in paths)
            or not self._stays_out(effect, step, paths)
            for node in self.nodes
            for effect, places in self._places(node)
        )

    def _places(self, node: Node) -> Iterator[tuple[Effect, tuple[str, ...]]]:
        """Where the effects of a later step work. An install reads nothing else if its inputs are known."""
        for effect, places in node.uses:
            inputs = self._inputs(effect)
            if inputs is not None:
                yield effect, (*effect.reads, *effect.manifests, *effect.writes, *effect.outputs, *inputs)
            else:
                yield effect, places if places is not None else ("/",)

    def _inputs(self, effect: Effect) -> tuple[str, ...] | None:
        known = of_effect(effect) if effect.kind in INSTALLS else None
        part = known.install_inputs if known is not None else None
        brought = frozenset(self.program.end_state.view.under(effect.cwd or "/"))
        return part.install_inputs(self.program, effect, brought) if part is not None else None

    def _stays_out(self, effect: Effect, step: Step, paths: Sequence[str]) -> bool:
        """Whether a build does not read what a step leaves outside its working directory: projects name
        sources and settings beside them, but no start scripts."""
        if effect.kind not in _OF_PROJECT or self._inputs(effect) is not None:
            return True
        makes_nothing = all(e.tool == "mkdir" or e.kind != "files" for e in step.effects)
        if step.keyword == "RUN" and makes_nothing and effect.kind != "app":
            return True
        named = {use.name.rpartition("/")[2] for use in self.program.runtime_needs.sources.paths}
        return all(self._is_script(path) and path.rpartition("/")[2] not in named for path in paths)

    def _is_script(self, path: str) -> bool:
        context = self.program.context
        name = self.program.end_state.view.context_path(path)
        return name is not None and name in context.files and (context.text(name) or "").startswith("#!")

    # --- packages and accounts -----------------------------------------------------------------------

    def _uses_packages(self, installs: Sequence[Effect]) -> bool:
        """Whether a later step starts a program of what is installed, or may build with it."""
        base = self.program.base
        called = {tool.rpartition("/")[2] for e in self.effects for tool in (e.tool, *e.tools)}
        called |= {posixpath.basename(s.state.shell[0]) for s in self.steps if s.state.shell}
        called -= {*base.commands} if base is not None else frozenset()
        if (
            self._runs_code
            or not all(map(_works_without_packages, self.effects))
            or any(not called.isdisjoint(programs_with(e, base)) for e in installs)
        ):
            return True
        builds = [e for e in self.effects if e.kind in BUILDS or e.kind == "fetch"]
        if not all(map(_only_compiles_or_installs, builds)):
            return True
        hooks = any(e.kind in INSTALLS and not _is_compiled(e) for e in builds)
        names = [name for e in installs for name in came_with(e, base)]
        return any(may_serve_build(name, base, self._headers, hooks=hooks) for name in names if builds)

    @cached_property
    def _headers(self) -> tuple[str, ...]:
        """The packages of the file that serve compiling."""
        base = self.program.base
        found = ((p.name, system_package(p.name, base)) for e in self.program.effects for p in e.packages)
        return tuple(name for name, facts in found if facts is not None and facts.kind == "build")

    def _names_account(self, effect: Effect) -> bool:
        """Whether a later step may use an account, or makes one, whose number depends on those before."""
        if effect.followed or self._runs_code or any(e.kind == "users" for e in self.effects):
            return True
        words = (word.value or "/" for word in effect.command.words[1:])
        names = "|".join(re.escape(word) for word in words if _NAME.fullmatch(word))
        named = re.compile(rf"(?:(?<![\w/-])|home/)(?:{names})(?![\w/-])") if names else None
        texts = (text for step in self.steps for text in named_texts(step.visit, step.effects))
        return named is None or any(text is None or named.search(text) for text in texts)


def _is_known(effect: Effect) -> bool:
    """Whether all that a command of the file itself does is known, and only shapes an image."""
    known = not (effect.writes_anywhere or effect.why or effect.followed)
    named = effect.kind != "packages" or (
        bool(effect.packages) and all("$" not in p.name for p in effect.packages)
    )
    return effect.kind in SHAPES_IMAGE and known and named


def _works_without_packages(effect: Effect) -> bool:
    """Whether it is known which system packages a command uses: none of a script, none for files of the
    project. Other files, and their owners, may come with packages."""
    if effect.kind in USES_NAMED_PROGRAMS or effect.followed:
        return not effect.followed
    directory = effect.cwd or "/"
    paths = (*effect.reads, *effect.writes, *effect.outputs, *effect.deletes)
    own = all(posixpath.dirname(p) == "/" or (directory != "/" and inside(p, directory)) for p in paths)
    return effect.kind in CHANGES_FILES and effect.tool not in ("chown", "chgrp") and own


def _is_compiled(effect: Effect) -> bool:
    known = of_effect(effect)
    return known is not None and known.is_compiled


def _only_compiles_or_installs(effect: Effect) -> bool:
    """Whether it starts compilers and installers only, and what packages run that compile themselves: not
    the programs that packages bring."""
    known = of_effect(effect)
    if effect.kind == "fetch" or (known is not None and known.is_compiled and effect.kind != "build"):
        return True
    return known is not None and effect.kind in INSTALLS and not known.runs_hooks
