"""Whether a step of the build, or anything at run time, uses a package of the development groups."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from slimify.analysis.closed_worlds import unknown_start
from slimify.analysis.packages.module_needs import installed_modules
from slimify.analysis.program import Program
from slimify.analysis.sources import application_sources, is_source, texts_of
from slimify.facts.programs import is_basic
from slimify.facts.toolchains import is_development_file
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.lock_files import only_for_development
from slimify.languages.python.manifests.project import PythonProject
from slimify.languages.python.package_facts import distributions, loaders, normalised, pypi
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, Effect
from slimify.model.regex import regex
from slimify.model.sizes import MB
from slimify.planning.in_place.edits import step_line

PACKAGE = 2 * MB  # on average, of test tools and linters, and of what they require

_LETTERS = 3  # what a module has in common with the name of its package, if nothing else is known
_MODULE_NAME = regex(r"""["']([A-Za-z_]\w*)(?=(\.|["'])\w?)""")
_COMMENT = regex(r"(?m)^[ \t]*#.*$")
_DOTTED = regex(r"(?<![\w./@-])([A-Za-z_]\w*)\.[A-Za-z_]")


def development_names(
    program: Program, project: PythonProject, installs: Sequence[Effect]
) -> tuple[str, ...]:
    """The packages that only the development groups of a project require, and no other install brings."""
    listed = only_for_development(program.context, project) if project.groups else ()
    kept = _kept(program, installs)
    return tuple(name for name in listed if name not in kept)


def _kept(program: Program, installs: Sequence[Effect]) -> frozenset[str]:
    """The packages that stay where the installs put theirs."""
    places = {path for effect in installs for path in effect.writes}
    others = (e for e in program.effects if e.kind not in INSTALLS or not places.isdisjoint(e.writes))
    modules = installed_modules(others, program.end_state.view)
    return frozenset(normalised(m.use.name) for m in modules if m.language == LANGUAGE.name)


def use_at_run_time(
    program: Program,
    names: Sequence[str],
    installs: Sequence[Effect] = (),
    *,
    locked: bool = False,
    going: Sequence[str] = (),
    set_for_all: bool = False,
) -> Reason | None:
    """What uses one of the packages `names` at run time, or why that is not known; None if nothing does. With
    them goes what `installs` bring because of them: nothing else if a lock file tells them all. Others that
    are `going`, too, use nothing. `set_for_all`: installs at run time leave them out as well."""
    needs = program.runtime_needs
    unknown = unknown_start(program)
    if not needs.start:
        return Reason.of("SL313", "no_start")
    if unknown is not None:
        return Reason.of("SL313", "effect", why=unknown)
    again = next((e for e in needs.start if e.does("install", LANGUAGE.name) and e.dev), None)
    if again is not None and not set_for_all:
        return Reason.of("SL313", "installs_again", command=again.tool)
    if needs.sources.skipped:
        return Reason.of("SL313", "not_read", path=needs.sources.skipped[0])
    kept = _kept(program, installs or program.effects) - {*names, *going}
    return (
        _started(program, names)
        or _imported(program, names, kept, (names if locked else None) if installs else ())
        or _loaded(names, kept)
        or _mentioned(program, names)
    )


def use_by_step(program: Program, names: Sequence[str], installs: Sequence[Effect]) -> Reason | None:
    """The first step behind an install that may use one of the packages."""
    programs = {command: name for name in names for command in _programs(name)}
    testing = LANGUAGE.words("toolchain.toml", "testing", "actions")
    behind = False
    for step, _, effect in program.commands:
        behind = behind or any(effect is install for install in installs)
        if not behind or effect in installs:
            continue
        started = {tool.rpartition("/")[2] for tool in (effect.tool, *effect.tools)} | {effect.action}
        if effect.kind == "unknown" or (effect.does("install", LANGUAGE.name) and effect.dev):
            return Reason.of("SL313", "step", step=step_line(step), command=effect.tool)
        if started & programs.keys() or (effect.does("check", LANGUAGE.name) and effect.action in testing):
            return Reason.of("SL313", "step", step=step_line(step), command=effect.action or effect.tool)
    return None


def _programs(name: str) -> tuple[str, ...]:
    return tuple(command for command in pypi(name).scripts or (name,) if not is_basic(command))


def _started(program: Program, names: Sequence[str]) -> Reason | None:
    """A program of one of the packages that the start, or a step of the final stage, runs."""
    needs = program.runtime_needs
    late = [(step, e) for step, atom, e in program.commands if atom.role != "build" and e.kind == "app"]
    for step, effect in late:
        if any(effect.action in _programs(name) for name in names):
            return Reason.of("SL313", "step", step=step_line(step), command=effect.action)
    actions = {effect.action: use for effect, use in zip(needs.start, needs.origins, strict=True)}
    for name in names:
        for command in _programs(name):
            use = needs.commands.get(command) or actions.get(command)
            if use is not None:
                return Reason.of("SL313", "started", command=command, package=name, user=use.name)
    return None


def _imported(
    program: Program, names: Sequence[str], kept: frozenset[str], suspects: Sequence[str] | None
) -> Reason | None:
    """An import of one of the packages, or of one that no other package is known to provide and that may be
    of a suspect: of any package if `suspects` is None, as nobody knows which go."""
    context = program.context
    own = _own_modules(context.files)
    for use in program.runtime_needs.sources.imports:
        module = use.name.partition(".")[0]
        of_python = is_source(context, use.file, LANGUAGE) and not is_development_file(LANGUAGE, use.file)
        providers = distributions(module)
        if not module or not of_python or not kept.isdisjoint(providers):
            continue
        package = next((p for p in providers if p in names), None)
        if package is not None:
            return Reason.of("SL313", "imports", file=use.file, at=use.line, package=package)
        known = module in own or module in sys.stdlib_module_names
        if not known and (suspects is None or any(_alike(module, name) for name in suspects)):
            return Reason.of("SL313", "unknown_import", file=use.file, at=use.line, module=module)
    return None


def _alike(module: str, package: str) -> bool:
    """Whether a package may have a module of this name that no table tells: three letters in a row of it."""
    one, other = (re.sub(r"[\W_]", "", name).lower() for name in (module, package))
    return len(one) < _LETTERS or any(one[i : i + _LETTERS] in other for i in range(len(one) - _LETTERS + 1))


def _own_modules(files: Iterable[str]) -> frozenset[str]:
    """The names of the modules and of their packages among the files."""
    found: set[str] = set()
    for path in files:
        if path.endswith(LANGUAGE.source_suffixes):
            *directories, name = path.split("/")
            found.update(directories, (name.partition(".")[0],))
    return frozenset(found)


def _loaded(names: Sequence[str], kept: frozenset[str]) -> Reason | None:
    """One that a package which stays loads by itself where it is there."""
    for name in names:
        loader = next((by for by in loaders(name) if normalised(by) in kept), None)
        if loader is not None:
            return Reason.of("SL313", "loaded", package=name, loader=loader)
    return None


def _mentioned(program: Program, names: Sequence[str]) -> Reason | None:
    """One that a source or a settings file names in a text, as Django's settings do."""
    modules = {module: name for name in names for module in pypi(name).imports}
    for path, text in _texts(program):
        plain = "INSTALLED_APPS" in text
        found = {m[1] for m in _MODULE_NAME.finditer(text) if plain or m[2] == "."}
        if not path.endswith(LANGUAGE.source_suffixes):
            found |= {*_DOTTED.findall(_COMMENT.sub("", text))}
        named = sorted(found & modules.keys())
        if named:
            return Reason.of("SL313", "names", path=path, package=modules[named[0]])
    return None


def _texts(program: Program) -> Iterator[tuple[str, str]]:
    view = program.end_state.view
    sources = application_sources(view, LANGUAGE.name)
    endings = tuple(LANGUAGE.words("toolchain.toml", "testing", "settings"))
    ignored = re.compile(LANGUAGE.words("toolchain.toml", "testing", "tools")[0])
    settings = (
        path
        for path in program.context.files
        if path.endswith(endings) and not ignored.search(path) and view.image_paths(path)
    )
    yield from texts_of(view, (*sources, *settings))
