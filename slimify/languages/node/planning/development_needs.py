"""Whether anything at run time needs a development dependency of the projects that an install covers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from slimify.analysis.development_servers import compiling_server, development_server
from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.analysis.sources import is_source
from slimify.facts.programs import is_basic
from slimify.facts.toolchains import is_development_file
from slimify.languages import languages
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.lock_files import (
    is_live,
    lock_packages,
    locked_programs,
    required_packages,
)
from slimify.languages.node.manifests.package_json import NodeProject, installed_projects
from slimify.languages.node.package_facts import (
    bin_packages,
    has_no_plugins,
    installed_bytes,
    is_build_only,
    loads_typescript,
    looked_up,
    may_load,
    possible_programs,
)
from slimify.languages.node.packages import package_at
from slimify.languages.node.planning.caches import NODE_PACKAGE
from slimify.languages.node.planning.mentions import Mentions, mentions
from slimify.languages.node.vocabulary import RUN
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView

# They list peers, or give modules other names.
_SETTINGS = regex(r"(^|/)(package|[jt]sconfig[\w.-]*)\.json$|(^|/)([\w.-]+\.config\.[cm]?[jt]s|\.babelrc)$")

NO_PRUNE = Reason.of("SL313", "no_prune")


def development_packages(program: Program, project: NodeProject) -> tuple[str, ...]:
    """The packages that an install of the project brings for development: its own, and those of the
    workspaces that are installed with it."""
    names = (name for own in installed_projects(program.context, project) for name in own.dev_dependencies)
    return tuple(sorted(set(names)))


def development_bytes(program: Program, project: NodeProject, kept: Iterable[str] = ()) -> int:
    """What these packages take without the kept ones: those that the lock file marks, else those that are
    listed with some more."""
    locked = lock_packages(program.context, project)
    staying = required_packages(locked, kept)
    marked = [name for name, package in locked.items() if package.dev]
    names = marked or development_packages(program, project)
    usual = NODE_PACKAGE if marked else 8 * NODE_PACKAGE
    sizes = (installed_bytes(name, alone=bool(marked)) for name in names if name not in staying)
    return sum(usual if size is None else size for size in sizes)


def modules_bytes(program: Program, project: NodeProject) -> int:
    """What all packages of an install take: those of the lock file, or those that are listed with some
    more."""
    listed = {n for own in installed_projects(program.context, project) for n in own.dependencies}
    listed |= {*development_packages(program, project)}
    locked = (installed_bytes(name, alone=True) for name in lock_packages(program.context, project))
    trees = (installed_bytes(name, alone=False) for name in listed)
    return max(
        sum(NODE_PACKAGE if size is None else size for size in locked),
        sum(8 * NODE_PACKAGE if size is None else size for size in trees),
    )


class Droppable(Struct, frozen=True, kw_only=True):
    """Which development dependencies can go: all where none is `needed`, else those of `names`, without the
    `kept` ones, each of which has its reason."""

    needed: Reason | None
    kept: Mapping[str, Reason]
    names: tuple[str, ...]

    @property
    def obstacle(self) -> Reason | None:
        """Why none can go."""
        return self.needed if not self.names else None

    def kept_decisions(self) -> Iterator[Decision]:
        return (Decision.of("SL313", "stay", count=1, why=why) for why in self.kept.values())

    def all_stay(self, count: int, why: Reason | None, size: int) -> Decision:
        """The decision where none goes: because of `why`, else as the package manager can't prune. Then the
        user can let all but the kept ones go, which take `size` bytes."""
        if why is None and self.needed is not None:
            packages = (*self.kept,)
            return Decision.of(
                "SL313", "stay_beside", count=count, why=self.needed, packages=packages, size=size
            )
        return Decision.of("SL313", "stay", count=count, why=why or NO_PRUNE)


def droppable(program: Program, project: NodeProject, view: ContextView | None = None) -> Droppable:
    """Which development dependencies nothing needs at run time. `view` has the files that the program may
    read, where those are not only files of the stage."""
    files = view or program.end_state.view
    return program.once(("development", project.path, view), lambda: _droppable(program, project, files))


def _droppable(program: Program, project: NodeProject, view: ContextView) -> Droppable:
    needed = _needs_any(program) or next(_Dropped(program, project, view).reasons(), None)
    kept = _needed_apart(program, project, view) if needed is not None else None
    if kept is None:
        return Droppable(needed=needed, kept={}, names=())
    dropped = _Dropped(program, project, view, kept)
    production = {*project.dependencies, *project.optional_dependencies}
    names = tuple(sorted({*dropped.names, *dropped.types} - production))
    return Droppable(needed=needed, kept=kept, names=names)


def _needed_apart(program: Program, project: NodeProject, view: ContextView) -> Mapping[str, Reason] | None:
    """The development dependencies that run time needs, each with the reason; None if what needs one of them
    may load others by names that only its settings have, or people may start others beside it."""
    others = len(installed_projects(program.context, project)) > 1
    if others or _needs_any(program) or development_server(program.runtime_needs):
        return None
    locked = lock_packages(program.context, project)
    live = {*project.dependencies, *(name for name in locked if is_live(project, locked, name))}
    extends = _extends_settings(program, project)
    kept: dict[str, Reason] = {}
    while found := tuple(_Dropped(program, project, view, kept).reasons()):
        named = {name: why for why in reversed(found) if isinstance(name := why.get("package"), str)}
        if not named or not all(map(_loads_no_other, found)):
            return None
        kept |= named
        if extends and any(map(loads_typescript, (*program.runtime_needs.commands, *live, *kept))):
            return None
    return kept


def _extends_settings(program: Program, project: NodeProject) -> bool:
    """Whether settings that a loader of TypeScript reads begin with those of a package for development."""
    paths = (path for path in program.context.files if re.search(r"(^|/)[jt]sconfig[\w.-]*\.json$", path))
    texts = (program.context.text(path) or "" for path in paths)
    named = (match for text in texts for match in re.findall(r'"extends"\s*:([^}{]*?")\s*[,}\]]', text))
    return any(mentions(text, *project.dev_dependencies) for text in named)


def _loads_no_other(why: Reason) -> bool:
    """Whether what is needed for this reason loads no development dependency but those that tables
    and sources name: neither a compiler nor what reads plugins from its settings does."""
    name, path = why.get("package"), str(why.get("path") or "")
    if not isinstance(name, str):  # another reason may name it
        return True
    programs = possible_programs(name)
    if name.startswith("@types/") or name in LANGUAGE.words("toolchain.toml", "files", "typed"):
        return False
    if why.form in ("started", "script", "run"):
        return all(map(has_no_plugins, programs))
    if why.form == "names" and _SETTINGS.search(path):
        tool = posixpath.basename(path).partition(".")[0]
        return tool.startswith("tsconfig") or has_no_plugins(tool)  # it names helpers of the output
    bundlers = LANGUAGE.words("toolchain.toml", "serving", "alone")
    return why.form in ("loads", "preloads") or not any(is_build_only(p) or p in bundlers for p in programs)


def _needs_any(program: Program) -> Reason | None:
    """Why run time may need any of them."""
    needs = program.runtime_needs
    if not needs.start:
        return Reason.of("SL313", "no_start")
    unread = unread_start(needs.start) or next(_unknown_programs(needs.start), None)
    if unread:
        return Reason.of("SL313", "effect", why=unread)
    server = compiling_server(needs)
    if server:
        return Reason.of("SL313", "compiles", command=server)
    return None


def _unknown_programs(start: Iterable[Effect]) -> Iterator[Reason]:
    """Why it is not known which script of a package.json starts, or which program."""
    for effect in start:
        why = effect.why
        if why is not None and (effect.unread == "package" or why.form in ("program", "eval")):
            yield why


class _Dropped:
    """The packages that would go beside those that are kept, and the reasons why each of them has to stay."""

    def __init__(
        self, program: Program, project: NodeProject, view: ContextView, kept: Iterable[str] = ()
    ) -> None:
        self.program, self.needs, self.view = program, program.runtime_needs, view
        self.projects = installed_projects(program.context, project)
        self.locked = lock_packages(program.context, project)
        self.staying = required_packages(self.locked, kept)
        listed = (n for n in development_packages(program, project) if n not in self.staying)
        gone = [n for n in listed if not self._stays(project, n)]
        self.names = [name for name in gone if not name.startswith("@types/")]
        self.types = [name for name in gone if name.startswith("@types/")]
        self.programs = {name: locked_programs(self.locked, name) for name in self.names}

    def _stays(self, project: NodeProject, name: str) -> bool:
        """Whether it is there for production as well: another one needs it, or each project that lists it for
        development lists it twice, or another one lists the same version."""
        wanted = {own.dependencies[name] for own in self.projects if name in own.dependencies}
        only = [own for own in self.projects if name in own.dev_dependencies and name not in own.dependencies]
        return is_live(project, self.locked, name) or all(
            own.dev_dependencies[name] in wanted for own in only
        )

    def reasons(self) -> Iterator[Reason]:
        yield from self._loaded()
        yield from self._started()
        if self.names:
            yield from self._unbrought()
        yield from self._imported()
        yield from self._peers()
        yield from Mentions(self.program, self.projects, self.view).reasons(self.names)
        yield from self._tasks()
        yield from self._served()

    def _loaded(self) -> Iterator[Reason]:
        """Those that a started program loads first; what compiles TypeScript may need types."""
        for effect in self.needs.start:
            loaded = {package_at(path) for path in effect.reads}
            name = next((n for n in self.names if n in loaded), None)
            if name is None and loaded & {*LANGUAGE.words("toolchain.toml", "files", "typed")}:
                name = next(iter(self.types), None)
            if name is not None:
                first = Reason.of("SL313", "preloads", command=effect.tool, package=name)
                compiles = Reason.of("SL313", "loads", command=effect.tool, package=name)
                yield compiles if name in self.types or loads_typescript(name) else first

    def _started(self) -> Iterator[Reason]:
        scripts = [item for own in self.projects for item in self._reached_scripts(own).items()]
        for name in self.names:
            for command in self._commands(name):
                use = self.needs.commands.get(command)
                if use is not None:
                    yield Reason.of("SL313", "started", command=command, package=name, user=use.name)
                run = self.program.final_stage_tools.get(command)
                if run is not None:
                    yield Reason.of("SL313", "run", at=run.line, command=command, package=name)
            for script, text in scripts:
                if mentions(text, name, *self._commands(name)):
                    yield Reason.of("SL313", "script", script=script, package=name)

    def _commands(self, name: str) -> tuple[str, ...]:
        """The commands of a development dependency, or the likely one where they are unknown."""
        found = self.programs[name]
        return found if found is not None else possible_programs(name)

    def _reached_scripts(self, project: NodeProject) -> dict[str, str]:
        """The scripts of a package.json that the start command reaches, by any runner that names another
        script."""
        reached: dict[str, str] = {}
        view = self.view
        runners = LANGUAGE.words("toolchain.toml", "installs", "task_runners")
        given = (e for e in self.needs.start if (e.kind == "unknown" and not e.unread) or e.tool in runners)
        words = {word.value for effect in given for word in effect.command.words[1:]}
        waiting = [name for name in project.scripts if name in words]
        waiting += [
            effect.action.removeprefix(RUN)
            for effect in self.needs.start
            if effect.action.startswith(RUN)
            and (effect.cwd is None or view.context_path(effect.cwd) in (project.dir, None))
        ]
        while waiting:
            name = waiting.pop()
            for hook in (f"pre{name}", name, f"post{name}"):
                if hook in project.scripts and hook not in reached:
                    reached[hook] = project.scripts[hook]
                    waiting += [other for other in project.scripts if mentions(reached[hook], other)]
        return reached

    def _unbrought(self) -> Iterator[Reason]:
        """A started program that only a development dependency can bring (tsc, a peer of ts-node). If
        commands of some are not known, any program of a package script that nothing else is known to bring
        may be one of these."""
        everywhere = {p.name for e in self.program.effects if e.kind == "install-global" for p in e.packages}
        live = (name for name, package in self.locked.items() if not package.dev)
        listed = (name for own in self.projects for name in own.dependencies)
        runners = LANGUAGE.words("toolchain.toml", "installs", "runners")
        kept = everywhere.union(listed, live, self.staying, LANGUAGE.interpreters, runners)
        kept |= set(self.program.base.commands if self.program.base else ())
        unknown = None in self.programs.values()
        for command, use in self.needs.commands.items():
            brings = [name for name, package in self.locked.items() if command in (package.bins or ())]
            packages = brings or bin_packages(command)
            known = len(packages) > 1 or is_build_only(command)  # a command of npm's world
            known = known or bool(brings) or (unknown and use.name in runners and not is_basic(command))
            if known and command not in kept and not kept.intersection(packages):
                yield Reason.of("SL313", "unbrought", command=command, user=use.name)

    def _imported(self) -> Iterator[Reason]:
        """Those that sources import, and packages that only one of those brings, or may bring."""
        context = self.program.context
        for use in self.needs.sources.imports:
            foreign = any(is_source(context, use.file, k) for k in languages() if k.name != LANGUAGE.name)
            if foreign or is_development_file(LANGUAGE, use.file):
                continue
            if use.name in self.names:
                yield Reason.of("SL313", "imports", file=use.file, at=use.line, package=use.name)
            elif self._may_come_along(use.name):
                yield Reason.of("SL313", "unknown_import", file=use.file, at=use.line, module=use.name)

    def _is_alias(self, module: str) -> bool:
        """Whether settings of the compiler give the name of a package to the project's own files."""
        own = rf'"{re.escape(module)}(?:/\*)?"\s*:\s*\[\s*"(?![^"]*node_modules)'
        return any(re.search(own, text) for path, text in self._settings if "config" in path)

    def _may_come_along(self, module: str) -> bool:
        """Whether a package that no manifest lists may be there because of a development dependency: the lock
        file shows it; without one, every module may be one that is neither a file nor an alias of one."""
        if not self.names or module in self._listed or self._is_alias(module):
            return False
        if self.locked:
            package = self.locked.get(module)
            return package is not None and package.dev and module not in self.staying
        return not self._is_own(module)

    @cached_property
    def _listed(self) -> frozenset[str]:
        """The packages that a manifest or a step names."""
        named = (package.name for effect in self.program.effects for package in effect.packages)
        groups = ((p.dependencies, p.dev_dependencies, p.optional_dependencies) for p in self.projects)
        return frozenset((*named, *(name for own in groups for group in own for name in group)))

    def _is_own(self, module: str) -> bool:
        """Whether the projects themselves have the module: as a directory or file, by another name that their
        settings give it, or as types."""
        context, first = self.program.context, module.partition("/")[0]
        for own in self.projects:
            places = (posixpath.join(own.dir, base, first) for base in ("", "src", "app", "lib"))
            found = any(context.is_dir(p) or context.has(f"{p}.ts") or context.has(f"{p}.js") for p in places)
            if found or f"@types/{module}" in own.dev_dependencies:
                return True
        pattern = re.compile(rf"[\"']{re.escape(first)}[\"'/]")
        return any(pattern.search(text) for _, text in self._settings)

    @cached_property
    def _settings(self) -> tuple[tuple[str, str], ...]:
        context = self.program.context
        return tuple((path, context.text(path) or "") for path in context.files if _SETTINGS.search(path))

    def _peers(self) -> Iterator[Reason]:
        """Those that another package may load if they are there: it looks them up, or they are optional
        peers. Where the lock file tells of peers, it does not mark them as packages for development."""
        listed = self.staying.union(*(own.dependencies for own in self.projects))
        live = listed.union(name for name, package in self.locked.items() if not package.dev)
        asked = {loader: looked_up(loader) for loader in sorted(live)}
        waiting = {loader: names for loader, names in asked.items() if live.isdisjoint(names)}
        for name in self.names:
            known = self.locked.get(name)
            told = known is not None and known.bins is not None
            unsaid = self.staying if told else listed
            peers = [other for other in sorted(unsaid) if may_load(other, name)]
            loader = next((one for one, names in waiting.items() if name in names), None)
            loader = loader or next(iter(peers), None)
            if loader is not None:
                yield Reason.of("SL313", "loaded", loader=loader, package=name)

    def _tasks(self) -> Iterator[Reason]:
        """Those that a file names which tells a started program what else to start."""
        table = LANGUAGE.facts("toolchain.toml")["files"]["tasks"]
        wanted = tuple(start for tool, start in table if tool in self.needs.commands)
        for path in self.program.context.files if wanted else ():
            if path.rpartition("/")[2].lower().startswith(wanted) and "node_modules" not in path:
                text = self.program.context.text(path) or ""
                for name in self.names:
                    if mentions(text, name, *self._commands(name)):
                        yield Reason.of("SL313", "names", path=path, package=name)

    def _served(self) -> Iterator[Reason]:
        """Those that a page may load: a server hands out the directory of packages, or a page names one
        there."""
        program, names = self.program, self.names
        for use in self.needs.sources.paths:
            _, found, package = f"/{use.name.strip('/')}/".partition("/node_modules/")
            if found and (not package or any(package.startswith(f"{name}/") for name in names)):
                yield Reason.of("SL313", "served", use=use)
        pages = tuple(LANGUAGE.facts("toolchain.toml")["files"]["pages"])
        for path in program.context.files if names else ():
            image = path.endswith(pages) and "node_modules" not in path
            if image and self.view.image_paths(path):
                text = program.context.text(path) or ""
                name = next((n for n in names if f"node_modules/{n}/" in text), None)
                if name is not None:
                    yield Reason.of("SL313", "names", path=path, package=name)
