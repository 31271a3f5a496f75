"""Development dependencies of Node projects: not installed, or removed in the layer that installed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from slimify.analysis.program import AtomStep, Program, Step
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.package_json import NodeProject
from slimify.languages.node.planning.development_needs import (
    NO_PRUNE,
    Droppable,
    development_bytes,
    development_packages,
    droppable,
)
from slimify.languages.node.planning.prune import (
    node_major,
    project_of,
    prune_command,
    pruned_above,
    pruning,
)
from slimify.languages.node.vocabulary import NodeManager
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import BUILDS, RUNS_CODE, Effect
from slimify.planning.in_place.edits import Edits, Pruned, step_line
from slimify.planning.in_place.runs import (
    are_adjacent,
    as_caller,
    extended_run,
    is_direct,
    is_extendable,
    is_readable,
    joined_runs,
    runs_between,
)
from slimify.semantics.context_files import ContextView
from slimify.syntax.shell.script import edit

_USING = BUILDS | RUNS_CODE


class _Install(Struct, frozen=True):
    step: Step
    atom: AtomStep
    effect: Effect
    project: NodeProject


def not_installed(program: Program) -> Edits:
    """The install without development dependencies, if neither a step nor run time needs one."""
    for found in _installs(program):
        unneeded = droppable(program, found.project).needed is None
        if unneeded and _is_editable(found) and not _users(program, found):
            edits = _omitted(program, found)
            if isinstance(edits, Edits):
                return edits
    return Edits()


def without_development(program: Program) -> Edits:
    """The install without development dependencies, if nothing that runs needs one."""
    if any(e.kind == "prune" for e in program.effects):
        return Edits()
    for found in _installs(program):
        count = len(development_packages(program, found.project))
        going = droppable(program, found.project)
        why = going.obstacle
        edits = why if why else _dropped(program, found, going)
        if isinstance(edits, Edits):
            return edits
        if edits == NO_PRUNE and going.needed:
            size = development_bytes(program, found.project, going.kept)
            return Edits(decisions=(going.all_stay(count, None, size),))
        decision = Decision.of(
            "SL313", "stay", safety="safe" if why else "advice", line=found.step.line, count=count, why=edits
        )
        return Edits(decisions=(decision,))
    return Edits()


def pruned_bytes(program: Program) -> int:
    """What the file prunes too late."""
    return pruned_above(program).saving


def pruned(program: Program, paths: Iterable[str], keep: Iterable[str], view: ContextView) -> Pruned:
    """What drops them at the end of the stage."""
    return pruning(program, paths, keep, end=program.end_state, view=view)


def _installs(program: Program) -> Iterator[_Install]:
    """The installs whose layer keeps development dependencies."""
    for step, atom, effect in program.commands:
        if any(e.kind == "prune" for e in step.effects):
            continue
        project = project_of(program, effect) if effect.does("install", "node") and effect.dev else None
        if project is not None and development_packages(program, project) and not effect.packages:
            yield _Install(step, atom, effect, project)


def _dropped(program: Program, found: _Install, going: Droppable) -> Edits | Reason:
    """The edits, or why they are not possible."""
    step, users = found.step, _users(program, found)
    if not _is_editable(found):
        return Reason.of("SL313", "not_edited", step=step_line(step))
    if not users and not going.names:
        return _omitted(program, found)
    pruning = prune_command(program, found.project, found.effect, step.state.user, names=going.names)
    command = as_caller(found.effect, pruning) if pruning else None
    last = users[-1] if users else step
    members = runs_between(program, step, last)
    if not command:
        return NO_PRUNE
    if not are_adjacent(program, step.index, last.index):
        return Reason.of("SL313", "needed_apart", step=step_line(last))
    if any(s.state.cwd != found.effect.cwd or s.instruction.flags for s in members) or _moves(members[-1]):
        return Reason.of("SL313", "elsewhere", step=step_line(last))
    if len(members) == 1 and is_extendable(step):
        texts: dict[int, str] | None = {step.index: extended_run(program, step, (command,))}
    else:
        texts = joined_runs(program, step, last, command)
    if texts is None:
        return Reason.of("SL313", "not_lengthened", step=step_line(step))
    count, saving = _gain(program, found, going)
    decision = Decision.of("SL312", "pruned_in_layer", line=step.line, count=count)
    return Edits(
        texts=texts,
        decisions=(*going.kept_decisions(), decision),
        saving=saving,
        removes_again=True,
        unseen=True,
    )


def _is_editable(found: _Install) -> bool:
    return is_readable(found.step) and is_direct(found.step, found.atom, found.effect)


def _users(program: Program, found: _Install) -> list[Step]:
    """The steps that may need a development dependency, that of the install if hooks of the project may."""
    hooks = bool(found.project.hooks)
    later = (s for s in program.steps if s.index >= found.step.index)
    return [s for s in later if _may_use_dev(found, s) or (hooks and s is found.step)]


def _moves(step: Step) -> bool:
    """Whether the RUN may end in another directory than it begins in."""
    last = step.atoms[-1].effects[-1] if step.atoms else None
    return last is None or last.cwd != step.state.cwd or bool(step.script.atoms[-1].state)


def _may_use_dev(found: _Install, step: Step) -> bool:
    """Whether the step may need a development dependency: it builds, runs scripts or tools of the project, or
    installs again."""
    if step.keyword != "RUN":
        return False
    atoms = step.atoms if step is not found.step else step.atoms[found.atom.index + 1 :]
    return not step.atoms or any(_uses_packages(e) or e.writes_anywhere for a in atoms for e in a.effects)


def _uses_packages(effect: Effect) -> bool:
    """Whether a command may use installed packages: linters that only check do, `npm -v` does not."""
    own = {*LANGUAGE.managers, *LANGUAGE.interpreters}
    checks = effect.does("check", LANGUAGE.name) and not own.issuperset((effect.tool, *effect.tools))
    return checks or effect.kind in _USING


def _omitted(program: Program, found: _Install) -> Edits | Reason:
    """The edits if no step uses them: the install omits them."""
    version = node_major(program)
    words = found.effect.command.words
    asked = any(re.match(r"--(?:include|dev|prod|only|also|omit|no-prod)", w.text) for w in words)
    flag = {
        NodeManager.NPM.value: "--omit=dev" if version is None or version >= 16 else "--production",
        NodeManager.YARN.value: "--production",
        NodeManager.PNPM.value: "--prod",
    }.get(found.effect.manager)
    if flag is None or asked or found.project.berry:
        return Reason.of("SL313", "no_option")
    last = words[-1]
    swap = {(last.start, last.end): f"{last.text} {flag}"}
    text = edit(found.step.instruction, found.step.script, replace_words=swap)
    count, saving = _gain(program, found)
    decision = Decision.of("SL312", "not_installed", line=found.step.line, count=count)
    return Edits(texts={found.step.index: text or ""}, decisions=(decision,), saving=saving, unseen=True)


def _gain(program: Program, found: _Install, going: Droppable | None = None) -> tuple[int, int]:
    """How many development dependencies go, and the bytes that saves."""
    names, kept = (going.names, going.kept) if going is not None else ((), {})
    count = len(names or development_packages(program, found.project))
    return count, development_bytes(program, found.project, kept)
