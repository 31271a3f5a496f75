"""Walks the instructions of a stage: the state before each one, and the effects of each RUN."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.scan import Context
from slimify.facts.base_directories import base_directories
from slimify.facts.basemap import BaseMap
from slimify.facts.images import ImageFacts, image
from slimify.model.dockerfile import Instruction
from slimify.model.effects import Effect
from slimify.model.shell import NO_SCRIPT, Script
from slimify.semantics.context_files import ContextView
from slimify.semantics.copies import CopyStep, read_copy
from slimify.semantics.effects.fetch import fetched_script
from slimify.semantics.effects.interpret import interpret_run
from slimify.semantics.effects.state import State
from slimify.semantics.paths import join_path
from slimify.syntax.dockerfile.instructions import arg_names, env_pairs, from_parts
from slimify.syntax.dockerfile.words import expand
from slimify.syntax.shell.script import read_run


class Visit(Struct, frozen=True, kw_only=True, dict=True):
    """One instruction with the state before it. A RUN also has its script and its effects, one tuple per
    atom, and a WORKDIR the directory that it names, None if that is not known."""

    index: int
    instruction: Instruction
    state: State
    script: Script = NO_SCRIPT
    effects: tuple[tuple[Effect, ...], ...] = ()
    directory: str | None = None

    @cached_property
    def copy(self) -> CopyStep | None:
        """What a COPY or ADD says."""
        is_copy = self.instruction.keyword in ("COPY", "ADD")
        return read_copy(self.instruction, self.state) if is_copy else None

    @cached_property
    def copy_targets(self) -> tuple[str, ...] | None:
        """The paths that a COPY or ADD creates; None if they are not known."""
        return self.copy.targets if self.copy is not None else None

    @cached_property
    def copied_files(self) -> frozenset[str] | None:
        """All files that a COPY or ADD brings from the context; None if they are not known."""
        return self.copy.files if self.copy is not None else None


def base_image(
    instruction: Instruction, scope: Mapping[str, str], names: BaseMap
) -> tuple[str, ImageFacts | None]:
    """The image reference of a FROM with its ARGs expanded, and what is known about that image."""
    reference = expand(from_parts(instruction).image, scope)
    if not reference:
        return from_parts(instruction).image, None
    return reference, image(names.known(reference))


def start_state(base: ImageFacts | None, context: Context) -> State:
    """The state after FROM, as far as the base image is known."""
    view = ContextView(context=context, base=base_directories(base))
    if base is None:
        return State(cwd=None, view=view, base_known=False)
    languages = frozenset({base.language} if base.language else ())
    home = "/root" if base.user in ("", "root") else f"/home/{base.user}"
    homes = {name: f"/home/{name}" for name in base.users}
    return State(
        cwd=None if base.workdir is None else base.workdir or "/",
        env=dict(base.env),
        user=base.user or "root",
        home=home,
        view=view,
        manager=base.manager or "",
        languages=languages,
        homes=homes,
    )


def walk(
    instructions: Sequence[tuple[int, Instruction]],
    scopes: Mapping[int, Mapping[str, str]],
    start: State,
    escape: str = "\\",
    stages: Mapping[str, ContextView] = MappingProxyType({}),
) -> tuple[tuple[Visit, ...], State]:
    """The visits of a stage in order, and the state at its end. `stages` are the files of earlier ones."""
    state = start
    visits: list[Visit] = []
    for index, instruction in instructions:
        script = NO_SCRIPT
        effects: tuple[tuple[Effect, ...], ...] = ()
        before, directory = state, None
        if instruction.keyword == "RUN":
            script = read_run(instruction, shell=state.shell, escape=escape)
            effects, state = interpret_run(script, state)
        else:
            state = _after(instruction, scopes[index], scopes.get(index + 1, {}), state)
            directory = state.cwd if instruction.keyword == "WORKDIR" else None
        visit = Visit(
            index=index,
            instruction=instruction,
            state=before,
            script=script,
            effects=effects,
            directory=directory,
        )
        if visit.copy is not None:
            state = replace(state, view=_after_copy(visit.copy, instruction, state, stages))
        visits.append(visit)
    return tuple(visits), state


def _after(
    instruction: Instruction,
    scope: Mapping[str, str],
    following: Mapping[str, str],
    state: State,
) -> State:
    match instruction.keyword:
        case "ENV":
            pairs = {name: expand(raw, scope) for name, raw in env_pairs(instruction)}
            state = state.with_env(pairs)
            return replace(state, home=pairs["HOME"]) if "HOME" in pairs else state
        case "ARG":
            known: dict[str, str | None] = {}
            for name, _ in arg_names(instruction):
                if name not in state.env:
                    known[name] = following.get(name)
            return state.with_env(known)
        case "WORKDIR":
            path = (expand(instruction.value, scope) or "").strip().strip("\"'")
            cwd = join_path(state.cwd, path) if path else None
            view = state.view.with_directory(cwd) if cwd else state.view
            return replace(state, cwd=cwd, view=view)
        case "USER":
            return state.with_user((expand(instruction.value, scope) or "").strip())
        case "SHELL":
            return replace(state, shell=instruction.exec_form or state.shell)
    return state


def _after_copy(
    copy: CopyStep, instruction: Instruction, state: State, stages: Mapping[str, ContextView]
) -> ContextView:
    """The files after a COPY or ADD."""
    view, target = state.view, copy.target
    if target is None:
        return view
    if copy.parts.from_stage is not None:
        copied = stages.get(copy.parts.from_stage.lower(), ContextView())
        return view.with_stage(copied, copy.sources, target, into=copy.into)
    view = view.with_copies(copy.view.copies, copy.view.directories)
    for heredoc in instruction.heredocs:
        view = view.with_text(target, heredoc.body)
    for source in copy.sources if copy.parts.keyword == "ADD" else ():
        text = fetched_script(source)
        place = posixpath.join(target, posixpath.basename(source)) if copy.into else target
        if text is not None:
            view = view.with_text(place, text)
        elif "://" in source:
            view = view.with_unknown_file(place)
    return view
