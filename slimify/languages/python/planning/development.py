"""Development groups of Python projects: the installs leave them out if neither a step nor run time uses one
of their packages. The option is added to the user's own command."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts import records
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.lock_files import pinned_packages
from slimify.languages.python.manifests.project import PythonProject, python_project
from slimify.languages.python.package_facts import normalised
from slimify.languages.python.planning.development_uses import (
    PACKAGE,
    development_names,
    use_at_run_time,
    use_by_step,
)
from slimify.languages.python.vocabulary import PythonAction
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Effect
from slimify.model.versions import version_numbers
from slimify.planning.in_place.edits import Edits, Pruned, step_line
from slimify.planning.in_place.runs import is_direct, is_readable
from slimify.semantics.context_files import ContextView
from slimify.syntax.dockerfile.words import expand
from slimify.syntax.shell.script import edit

_PLAIN_INSTALLS = frozenset({PythonAction.INSTALL, PythonAction.SYNC})


class _Groups(Struct, frozen=True, kw_only=True):
    """A row of the table `groups`."""

    options: tuple[tuple[str, str], ...] = ()
    all_groups: tuple[tuple[str, str], ...] = ()
    exact: tuple[tuple[str, str], ...] = ()
    variable: tuple[tuple[str, str], ...] = ()
    asks: str = ""
    chosen: str = ""
    default: str = ""
    locked: bool = False


class Install(Struct, frozen=True, kw_only=True):
    """A command that installs a project with its development groups."""

    step: Step
    atom: AtomStep
    effect: Effect


class ProjectInstalls(Struct, frozen=True, kw_only=True):
    """The installs of one project, and the packages that only its development groups bring."""

    project: PythonProject
    installs: tuple[Install, ...]
    names: tuple[str, ...]
    locked: bool  # a lock file lists all that they require

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(install.effect for install in self.installs)

    @property
    def saving(self) -> int:
        return len(self.names) * PACKAGE

    def kept(self, why: Reason) -> Decision:
        line = self.installs[0].step.line
        return Decision.of("SL313", "stay", line=line, count=len(self.names), why=why)


def not_installed(program: Program) -> Edits:
    """The installs of projects without their development groups. Where only steps use one, layouts say what
    becomes of them."""
    edits = without_development(program)
    return replace(edits, decisions=tuple(d for d in edits.decisions if not is_kept_for_step(d)))


def is_kept_for_step(decision: Decision) -> bool:
    why = decision.get("why")
    return isinstance(why, Reason) and why.form == "step"


def without_development(program: Program) -> Edits:
    """The installs without development groups: no tool prunes what a layer installs."""
    kept: list[Decision] = []
    for found in project_installs(program):
        made = _edits(program, found)
        if isinstance(made, Edits):
            return made
        kept.append(found.kept(made))
    return Edits(decisions=tuple(kept))


def pruned_bytes(_program: Program) -> int:
    """None: no installer of Python drops them later."""
    return 0


def pruned(program: Program, paths: Iterable[str], keep: Iterable[str], view: ContextView) -> Pruned:
    """Nothing: no tool prunes."""
    return Pruned()


def project_installs(program: Program) -> Iterator[ProjectInstalls]:
    """The projects whose development groups are installed."""
    found: dict[tuple[str, str], list[Install]] = {}
    for step, atom, effect in program.commands:
        directory = _project_directory(program, effect)
        if directory is not None:
            install = Install(step=step, atom=atom, effect=effect)
            found.setdefault((effect.manager, directory), []).append(install)
    for (_, directory), installs in found.items():
        project = python_project(program.context, directory)
        names = development_names(program, project, [i.effect for i in installs])
        if names:
            locked = bool(pinned_packages(program.context, project))
            yield ProjectInstalls(project=project, installs=tuple(installs), names=names, locked=locked)


def _project_directory(program: Program, effect: Effect) -> str | None:
    """The directory, in the context, of the project whose development groups a command installs."""
    if not (effect.does("install", LANGUAGE.name) and effect.dev and effect.manager in _table()):
        return None
    places = map(program.end_state.view.context_path, effect.manifests)
    return next((posixpath.dirname(place) for place in places if place is not None), None)


def _edits(program: Program, found: ProjectInstalls) -> Edits | Reason:
    """The installs without the groups, or why they have them."""
    variable = _variable(program, found)
    used = use_at_run_time(
        program, found.names, found.effects, locked=found.locked, set_for_all=bool(variable)
    )
    used = used or use_by_step(program, found.names, found.effects)
    if used is not None:
        return used
    line, count = found.installs[0].step.line, len(found.names)
    if variable:
        decision = Decision.of("SL312", "set_for_all", line=line, count=count, name=variable)
        before = {found.installs[0].step.index: (f"ENV {variable}=1",)}
        return Edits(before=before, decisions=(decision,), saving=found.saving)
    words: dict[int, dict[tuple[int, int], str]] = {}
    for install in found.installs:
        change = _change(program, found.project, install)
        if isinstance(change, Reason):
            return change
        words.setdefault(install.step.index, {}).update(change)
    steps = {i.step.index: i.step for i in found.installs}
    texts = {at: edit(s.instruction, s.script, replace_words=words[at]) or "" for at, s in steps.items()}
    decision = Decision.of("SL312", "not_installed", line=line, count=count)
    return Edits(texts=texts, decisions=(decision,), saving=found.saving)


def _variable(program: Program, found: ProjectInstalls) -> str:
    """The variable by which all commands of an installer leave out the development groups, where the start
    is one that installs; "" if that would not be the same, or the installer may not know it."""
    first, project = found.effects[0], found.project
    row = _table()[first.manager]
    again = [e for e in program.runtime_needs.start if e.does("install", LANGUAGE.name) and e.dev]
    words = [w.value for e in (*found.effects, *again) for w in e.command.words]
    named = any(word is not None and word.partition("=")[0] in row.chosen.split() for word in words)
    if not again or named or {*project.default_groups} - {row.default} or project.tool != first.manager:
        return ""
    if any(e.manager != first.manager or e.manifests != first.manifests for e in again):
        return ""
    return _of_release(row.variable, program, first)


def _change(
    program: Program, project: PythonProject, install: Install
) -> Mapping[tuple[int, int], str] | Reason:
    """What an install command says instead of some of its words, by their places."""
    effect, given = install.effect, install.effect.command.words
    why = unclear_install(install)
    if why is not None:
        return why
    brought = (e for event in program.brought for e in event.effects)
    if any(e.manager == effect.manager and e.dev and e.does("install", LANGUAGE.name) for e in brought):
        return Reason.of("SL313", "earlier")
    asks = _table()[effect.manager].asks
    asking = [(w.start, w.end) for w in given if asks and w.value == asks]
    option = leaving_out(program, project, effect)
    if asking:
        return dict.fromkeys(asking, "")
    last = given[-1]
    no_option = Reason.of("SL313", "no_option")
    return {(last.start, last.end): f"{last.text} {option}"} if option else no_option


def unclear_install(install: Install) -> Reason | None:
    """Why the words of an install can't be changed; None if they can."""
    effect, given = install.effect, install.effect.command.words
    if effect.packages or not any(w.value == effect.action for w in given):  # `uv run` installs, too
        return Reason.of("SL313", "installs", step=step_line(install.step), command=effect.tool)
    if effect.action not in _PLAIN_INSTALLS:
        return Reason.of("SL313", "no_option")
    row = _table()[effect.manager]
    chosen = {*row.chosen.split(), *(option for _, option in (*row.options, *row.all_groups))}
    if any(w.value is None or w.value.partition("=")[0] in chosen for w in given):
        return Reason.of("SL313", "chosen", step=step_line(install.step))
    if not is_readable(install.step) or not is_direct(install.step, install.atom, effect):
        return Reason.of("SL313", "not_edited", step=step_line(install.step))
    return None


def leaving_out(program: Program, project: PythonProject, install: Effect) -> str:
    """The option by which the installer leaves out all development groups; "" if it has none."""
    row = _table()[install.manager]
    others = {*project.default_groups} - {row.default} if row.default else set()
    if project.tool != install.manager or (row.locked and project.extras):
        return ""
    return _of_release(row.all_groups if others else row.options, program, install)


def exact_install(program: Program, install: Effect) -> str:
    """The words by which the installer also removes what is not asked for; "" if it has none."""
    return _of_release(_table()[install.manager].exact, program, install)


def _of_release(rows: Sequence[tuple[str, str]], program: Program, install: Effect) -> str:
    """The first of the words, each with the first release that knows them, that the installer of a project
    knows."""
    release = _release(program, install) if any(first != "0" for first, _ in rows) else ()
    return next((words for first, words in rows if release is not None and _reaches(release, first)), "")


def _reaches(release: tuple[int, ...], first: str) -> bool:
    """Whether a release, () for the newest, is not older than the first one with an option."""
    return not release or release >= version_numbers(first)


def _release(program: Program, install: Effect) -> tuple[int, ...] | None:
    """The release of the installer of a project, () for the newest; None if unknown."""
    found: tuple[int, ...] | None = None
    for step in program.steps:
        image = step.instruction.flag("from") if step.keyword == "COPY" else None
        name, _, tag = (image or "").rpartition("/")[2].partition(":")
        if name == install.manager:
            found = _newest(tag if tag[:1].isalpha() or not tag else f"=={tag}")
    earlier = ((e.visit.instruction, e.state, effect) for e in program.brought for effect in e.effects)
    own = ((step.instruction, step.state, effect) for step, _, effect in program.commands)
    for instruction, state, effect in (*earlier, *own):
        if effect is install:
            break
        named: list[str | None] = [p.text for p in effect.packages if normalised(p.name) == install.manager]
        if effect.action == f"{PythonAction.INSTALL} {install.manager}":  # an installer script
            given = {name: word.value for name, word in effect.command.assigns}
            variable = f"{install.manager.upper()}_VERSION"
            chosen = given.get(variable, state.get(variable)) or ""
            options = any(w.value in ("--version", "--git", "--path") for w in effect.command.words)
            named = [None if options or "get-" in instruction.value else f"=={chosen}".rstrip("=")]
        for text in named:
            found = _newest(expand(text, state.known_env) if text is not None else None)
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
