"""Development groups of Python projects: the installs leave them out if neither a step nor run time uses one
of their packages. The option is added to the user's own command."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts import records
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.project import PythonProject, python_project
from slimify.languages.python.package_facts import normalised
from slimify.languages.python.planning.development_uses import development_names, use_of_development
from slimify.languages.python.vocabulary import PythonAction
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Effect
from slimify.model.sizes import MB
from slimify.model.versions import version_numbers
from slimify.planning.in_place.edits import Edits, step_line
from slimify.planning.in_place.runs import is_direct, is_readable
from slimify.syntax.dockerfile.words import expand
from slimify.syntax.shell.script import edit

_PACKAGE = 2 * MB  # on average, of test tools and linters with what they require
_PLAIN_INSTALLS = frozenset({PythonAction.INSTALL, PythonAction.SYNC})


class _Groups(Struct, frozen=True, kw_only=True):
    """A row of the table `groups`."""

    options: tuple[tuple[str, str], ...] = ()
    asks: str = ""
    chosen: str = ""
    default: str = ""
    locked: bool = False


class _Install(Struct, frozen=True, kw_only=True):
    step: Step
    atom: AtomStep
    effect: Effect


def not_installed(program: Program) -> Edits:
    """The installs of projects without their development groups."""
    found: dict[tuple[str, str], list[_Install]] = {}
    for step, atom, effect in program.commands:
        directory = _project_directory(program, effect)
        if directory is not None:
            install = _Install(step=step, atom=atom, effect=effect)
            found.setdefault((effect.manager, directory), []).append(install)
    kept: list[Decision] = []
    for (_, directory), installs in found.items():
        project = python_project(program.context, directory)
        names = development_names(program, project)
        made = _edits(program, project, names, installs) if names else None
        if isinstance(made, Edits):
            return made
        if made is not None:
            line, count = installs[0].step.line, len(names)
            kept.append(Decision.of("SL313", "stay", line=line, count=count, why=made))
    return Edits(decisions=tuple(kept))


without_development = not_installed  # what is installed can only be left out: no tool prunes a layer alone


def _project_directory(program: Program, effect: Effect) -> str | None:
    """The directory, in the context, of the project whose development groups a command installs."""
    if not (effect.does("install", LANGUAGE.name) and effect.dev and effect.manager in _table()):
        return None
    places = map(program.end_state.view.context_path, effect.manifests)
    return next((posixpath.dirname(place) for place in places if place is not None), None)


def _edits(
    program: Program, project: PythonProject, names: Sequence[str], installs: Sequence[_Install]
) -> Edits | Reason:
    """The installs without the groups, or why they have them."""
    used = use_of_development(program, names, [i.effect for i in installs])
    if used is not None:
        return used
    words: dict[int, dict[tuple[int, int], str]] = {}
    for install in installs:
        change = _change(program, project, install)
        if isinstance(change, Reason):
            return change
        words.setdefault(install.step.index, {}).update(change)
    steps = {i.step.index: i.step for i in installs}
    texts = {at: _edited(steps[at], change) for at, change in words.items()}
    decisions = [
        Decision.of("SL312", "not_installed", line=step.line, count=len(names)) for step in steps.values()
    ]
    return Edits(texts=texts, decisions=tuple(decisions[:1]), saving=len(names) * _PACKAGE)


def _edited(step: Step, change: Mapping[tuple[int, int], str]) -> str:
    drop = frozenset(span for span, text in change.items() if not text)
    swap = {span: text for span, text in change.items() if text}
    return edit(step.instruction, step.script, drop_words=drop, replace_words=swap) or ""


def _change(
    program: Program, project: PythonProject, install: _Install
) -> Mapping[tuple[int, int], str] | Reason:
    """What an install command says instead of some of its words, by their places."""
    effect, step = install.effect, install.step
    row, given = _table()[effect.manager], effect.command.words
    no_option = Reason.of("SL313", "no_option")
    if effect.packages or not any(w.value == effect.action for w in given):  # `uv run` installs, too
        return Reason.of("SL313", "installs", step=step_line(step), command=effect.tool)
    chosen = {*row.chosen.split(), *(option for _, option in row.options)}
    if any(w.value is None or w.value.partition("=")[0] in chosen for w in given):
        return Reason.of("SL313", "chosen", step=step_line(step))
    if not is_readable(step) or not is_direct(step, install.atom, effect):
        return Reason.of("SL313", "not_edited", step=step_line(step))
    if effect.action not in _PLAIN_INSTALLS or project.tool != effect.manager:
        return no_option
    if row.asks:
        asking = [(w.start, w.end) for w in given if w.value == row.asks]
        return dict.fromkeys(asking, "") if asking else no_option
    others = {*project.default_groups} - {row.default} if row.default else set()
    if others or (row.locked and project.extras):
        return no_option
    release = _release(program, effect) if len(row.options) > 1 else ()
    option = next((o for r, o in row.options if release is not None and _reaches(release, r)), "")
    last = given[-1]
    return {(last.start, last.end): f"{last.text} {option}"} if option else no_option


def _reaches(release: tuple[int, ...], first: str) -> bool:
    """Whether a release, () for the newest, is not older than the first one with an option."""
    return not release or release >= version_numbers(first)


def _release(program: Program, install: Effect) -> tuple[int, ...] | None:
    """The release of the installer of a project, () for the newest; None if unknown."""
    found: tuple[int, ...] | None = None
    for step, _, effect in program.commands:
        if effect is install:
            break
        named: list[str | None] = [p.text for p in effect.packages if normalised(p.name) == install.manager]
        if effect.action == f"{PythonAction.INSTALL} {install.manager}":  # an installer script
            given = {name: word.value for name, word in effect.command.assigns}
            variable = f"{install.manager.upper()}_VERSION"
            chosen = given.get(variable, step.state.get(variable)) or ""
            options = any(w.value in ("--version", "--git", "--path") for w in effect.command.words)
            named = [None if options or "get-" in step.instruction.value else f"=={chosen}".rstrip("=")]
        for text in named:
            found = _newest(expand(text, step.state.known_env) if text is not None else None)
    old = program.base is not None and (3, 0) < version_numbers(program.base.version or "") < (3, 7)
    return None if old and not found else found


def _newest(text: str | None) -> tuple[int, ...] | None:
    """The newest release that a requirement allows, () for any; None if unknown."""
    exact = re.search(r"===?\s*([\d.]+)", text or "")
    if exact is not None:
        return tuple(version_numbers(exact[1])) or None
    return None if text is None or "$" in text or re.search(r"[<~!@/]", text) else ()


def _table() -> Mapping[str, _Groups]:
    rows: Mapping[str, _Groups] = records(LANGUAGE.facts("toolchain.toml")["groups"], dict[str, _Groups])
    return rows
