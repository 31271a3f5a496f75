"""Packages that requirements files and extras for development list: uninstalled at the end of the builder.

Only packages of a table go, which no other one requires. What they brought along stays: who else needs it is
not known without a lock file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from slimify.analysis.development_servers import development_server
from slimify.analysis.program import Program
from slimify.facts.toolchains import is_development_package
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.project import python_project
from slimify.languages.python.manifests.requirements import Requirement, requirements
from slimify.languages.python.package_facts import normalised
from slimify.languages.python.planning.development_uses import PACKAGE, use_at_run_time, use_by_step
from slimify.languages.python.planning.installers import installs_as_root, pip_uninstall, uninstall_step
from slimify.languages.python.vocabulary import PythonManager
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Action, Effect
from slimify.model.regex import regex
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State

_EXTRAS = regex(r"\[([\w\s,.-]+)\]\Z")


class ListRemoval(Struct, frozen=True, kw_only=True):
    """Instructions for the end of the builder, their decisions, and the removed bytes."""

    tail: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    size: int = 0


def without_listed_tools(program: Program, copies: Iterable[CopyFromBuilder]) -> ListRemoval:
    """The removal of packages that only lists for development name."""
    listed, wanted = dict[str, None](), set[str]()
    installs = [(s, e) for s, _, e in program.commands if e.does("install", LANGUAGE.name)]
    bringing = []
    for step, effect in installs:
        named = [*_requested(program, effect)]
        tools = [r.name for r, for_development in named if for_development and _is_tool(r.name)]
        bringing += [(step, effect)] if tools and effect.manager == PythonManager.PIP else []
        listed |= dict.fromkeys(tools)
        wanted |= {r.name for r, for_development in named if not for_development}
    names = [name for name in listed if name not in wanted]
    if not names or not bringing or not installs_as_root(program):
        return ListRemoval()
    step, effect = bringing[0]
    idle, used = _idle(program, names, [e for _, e in bringing])
    kept = [
        Decision.of("SL313", "stay", line=step.line, count=len(names) - len(idle), why=use)
        for use in used[:1]
    ]
    pip = pip_uninstall(effect)
    if not idle or not pip or not _reaches(program, effect, pip, [e for _, e in bringing], copies):
        return ListRemoval(decisions=tuple(kept))
    done = Decision.of("SL312", "pruned", line=step.line, count=len(idle))
    tail = (uninstall_step(pip, idle),)
    return ListRemoval(tail=tail, decisions=(done, *kept), size=len(idle) * PACKAGE)


def _idle(
    program: Program, names: Sequence[str], installs: Sequence[Effect]
) -> tuple[list[str], list[Reason]]:
    """The packages that nothing uses at run time, and what uses the others. Beside a development server
    people run tools by hand, unless it is the build that runs them."""
    idle, used = [*names], list[Reason]()
    server = development_server(program.runtime_needs)
    if server is not None and use_by_step(program, names, installs) is None:
        return [], [Reason.of("SL313", "server", command=server[0])]
    while idle and (first := use_at_run_time(program, idle)) is not None:
        uses = {name: use_at_run_time(program, (name,), going=idle) for name in idle}
        used += [use for use in uses.values() if use is not None] or [first]
        left = [name for name, use in uses.items() if use is None]
        idle = left if len(left) < len(idle) else []
    return idle, used


def _is_tool(name: str) -> bool:
    return is_development_package(LANGUAGE, name)


def _requested(program: Program, effect: Effect) -> Iterator[tuple[Requirement, bool]]:
    """What an install asks for, and whether only a list for development does."""
    view, context = program.end_state.view, program.context
    if effect.action == Action.UNINSTALL:
        return
    for package in effect.packages:
        yield Requirement(name=normalised(package.name), raw=package.text), False
    extras = {
        normalised(extra.strip())
        for word in effect.command.words
        if (found := _EXTRAS.search(word.value or ""))
        for extra in found[1].split(",")
    }
    for manifest in effect.manifests:
        path = view.context_path(manifest)
        if path is None or "constraint" in path:
            continue
        if path.endswith((".txt", ".in", ".pip")):
            yield from ((r, _is_for_development(r.file)) for r in requirements(context, path))
            continue
        project = python_project(context, posixpath.dirname(path))
        yield from ((r, False) for r in project.dependencies)
        for extra in extras & project.extras.keys():
            yield from ((r, _is_for_development(extra)) for r in project.extras[extra])


def _is_for_development(name: str) -> bool:
    return re.search(LANGUAGE.facts("toolchain.toml")["testing"]["lists"], name) is not None


def _reaches(
    program: Program, install: Effect, pip: str, installs: Iterable[Effect], copies: Iterable[CopyFromBuilder]
) -> bool:
    """Whether `pip` at the end of the builder finds what all the installs brought, and the image gets it."""
    places = {*install.writes}
    steps = [s for s in program.steps if s.keyword == "RUN" and s.role in ("build", "both")]
    state: State | None = steps[-1].state if steps else None
    if state is None or any({*e.writes} != places for e in installs):
        return False
    found = [e for atom in interpreted(f"{pip} x", state).effects for e in atom]
    same = len(found) == 1 and {*found[0].writes} <= places
    return same and any(t.path.endswith("-packages") or t.path in places for t in copies)
