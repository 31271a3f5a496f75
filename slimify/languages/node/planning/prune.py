"""Whether development dependencies can be removed after the build, and the command that removes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from slimify.analysis.development_servers import compiling_server
from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.programs import is_basic
from slimify.facts.toolchains import is_development_file
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.lock_files import LockedPackage, is_live, lock_packages, locked_programs
from slimify.languages.node.manifests.package_json import NodeProject, node_project
from slimify.languages.node.package_facts import bin_packages, is_build_only, possible_programs
from slimify.languages.node.packages import package_at
from slimify.languages.node.planning.caches import NODE_PACKAGE
from slimify.languages.node.vocabulary import RUN, NodeManager
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Effect
from slimify.model.versions import version_numbers
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside, overlap

_NPM_LOCKS = ("/package-lock.json", "/npm-shrinkwrap.json")


def pruning(
    program: Program, copies: Iterable[CopyFromBuilder], keep: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[Decision, ...], int]:
    """The instructions for the end of the builder, the decisions, and the saved bytes.

    `keep` are paths that must stay. If one of them is an installed package, nothing is pruned: a
    development package would not survive without its dependencies.
    """
    keep = tuple(keep)
    effects = program.effects
    if any(e.kind == "prune" for e in effects):
        return (), (), 0
    places = {t.path for t in copies}
    lines: list[str] = []
    decisions: list[Decision] = []
    saved = 0
    last = {e.cwd: e for e in effects if e.does("install", "node") and e.cwd}  # per directory
    for effect in last.values():
        directory = effect.cwd or "/"
        if not effect.dev or not {directory, f"{directory}/node_modules"} & places:
            continue
        project = project_of(program, effect)
        if project is None or not project.dev_dependencies:
            continue
        count = len(project.dev_dependencies)
        kept = next((path for path in keep if path.startswith(f"{directory.rstrip('/')}/node_modules/")), "")
        why = Reason.of("SL313", "kept", path=kept) if kept else dev_needed(program, project)
        command = None if why else prune_command(program, project, effect)
        if command is None:
            why = why or Reason.of("SL313", "no_prune")
            decisions.append(Decision.of("SL313", "stay", count=count, why=why))
            continue
        prefix = "" if _final_workdir(program) == directory else f"cd {directory} && "
        lines.append(f"RUN {prefix}{command}")
        saved += count * 8 * NODE_PACKAGE
        decisions.append(Decision.of("SL312", "pruned", count=count))
    return tuple(lines), tuple(decisions), saved


def project_of(program: Program, effect: Effect) -> NodeProject | None:
    """The package.json of an install: that of its directory, else the one it names."""
    view = program.end_state.view
    where = view.context_path(effect.cwd or "/")
    project = node_project(program.context, where) if where is not None else None
    if project is not None:
        return project
    for manifest in effect.manifests:
        path = view.context_path(manifest)
        if path is not None and path.endswith("package.json"):
            return node_project(program.context, path.rpartition("/")[0])
    return None


def _final_workdir(program: Program) -> str | None:
    """The working directory after the last build step."""
    builds = [s for s in program.steps if s.keyword == "RUN" and s.role in ("build", "both")]
    return builds[-1].state.cwd if builds else program.end_state.cwd


def dev_needed(program: Program, project: NodeProject) -> Reason | None:
    """Why a development dependency is needed at run time; None if none is."""
    if not program.runtime_needs.start:
        return Reason.of("SL313", "no_start")
    unread = unread_start(program.runtime_needs.start)
    if unread:
        return Reason.of("SL313", "effect", why=unread)
    server = compiling_server(program.runtime_needs)
    if server:
        return Reason.of("SL313", "compiles", command=server)
    dev = sorted(set(project.dev_dependencies) - set(project.dependencies))
    locked = lock_packages(program.context, project)
    dev = [name for name in dev if not name.startswith("@types/") and not is_live(project, locked, name)]
    for effect in program.runtime_needs.start:
        loaded = next((name for name in map(package_at, effect.reads) if name in dev), None)
        if loaded is not None:
            return Reason.of("SL313", "loads", command=effect.tool, package=loaded)
    programs = {name: locked_programs(locked, name) for name in dev}
    started = _reached_scripts(program, project)
    for name in dev:
        for command in _names(programs, name):
            use = program.runtime_needs.commands.get(command)
            if use is not None:
                return Reason.of("SL313", "started", command=command, package=name, user=use.name)
            if command in program.final_stage_tools:
                return Reason.of(
                    "SL313", "run", at=program.final_stage_tools[command].line, command=command, package=name
                )
        script = next(
            (s for s, text in started.items() if _mentions(text, name, *_names(programs, name))), None
        )
        if script is not None:
            return Reason.of("SL313", "script", script=script, package=name)
    if dev:
        peer = _program_of_dev(program, project, locked, unknown=None in programs.values())
        if peer:
            return peer
    files = LANGUAGE.facts("toolchain.toml")["files"]
    for use in program.runtime_needs.sources.imports:
        if use.name in dev and not is_development_file(LANGUAGE, use.file) and not _is_types_only(use.name):
            return Reason.of("SL313", "imports", file=use.file, at=use.line, package=use.name)
    for path in _configuration(program, files["configuration"]):
        text = program.context.text(path) or ""
        for name in dev:
            if re.search(rf"[\"']{re.escape(name)}[\"'/]", text):
                return Reason.of("SL313", "names", path=path, package=name)
    for path in _configuration(program, files["tasks"]):
        text = program.context.text(path) or ""
        for name in dev:
            if _mentions(text, name, *_names(programs, name)):
                return Reason.of("SL313", "names", path=path, package=name)
    return _served(program, dev)


def _served(program: Program, dev: Sequence[str]) -> Reason | None:
    """Why a page may load a development dependency: a server hands out the directory of packages, or a page
    names a package there; None if neither is known."""
    for use in program.runtime_needs.sources.paths:
        _, found, package = f"/{use.name.strip('/')}/".partition("/node_modules/")
        if found and (not package or any(package.startswith(f"{name}/") for name in dev)):
            return Reason.of("SL313", "served", use=use)
    pages = tuple(LANGUAGE.facts("toolchain.toml")["files"]["pages"])
    for path in program.context.files if dev else ():
        if not path.endswith(pages) or "node_modules" in path or not program.end_state.view.image_paths(path):
            continue
        text = program.context.text(path) or ""
        name = next((n for n in dev if f"node_modules/{n}/" in text), None)
        if name is not None:
            return Reason.of("SL313", "names", path=path, package=name)
    return None


def _names(programs: Mapping[str, tuple[str, ...] | None], name: str) -> tuple[str, ...]:
    """The commands of a development dependency, or the likely one where they are unknown."""
    found = programs[name]
    return found if found is not None else possible_programs(name)


def _program_of_dev(
    program: Program, project: NodeProject, locked: Mapping[str, LockedPackage], *, unknown: bool
) -> Reason | None:
    """A started program that only a development dependency can bring (tsc, a peer of ts-node); None if
    there is none. With `unknown`, commands of some development dependencies are not known: any program of a
    package script that nothing else is known to bring may be one of these."""
    everywhere = {p.name for e in program.effects if e.kind == "install-global" for p in e.packages}
    live = (name for name, package in locked.items() if not package.dev)
    runners = LANGUAGE.words("toolchain.toml", "installs", "runners")
    kept = everywhere.union(project.dependencies, live, LANGUAGE.interpreters, runners)
    kept |= set(program.base.commands if program.base else ())
    for command, use in program.runtime_needs.commands.items():
        brings = [name for name, package in locked.items() if command in (package.bins or ())]
        packages = brings or bin_packages(command)
        known = len(packages) > 1 or is_build_only(command)  # a command of npm's world
        known = known or bool(brings) or (unknown and use.name in runners and not is_basic(command))
        if known and command not in kept and not kept.intersection(packages):
            return Reason.of("SL313", "unbrought", command=command, user=use.name)
    return None


def _reached_scripts(program: Program, project: NodeProject) -> dict[str, str]:
    """The package.json scripts that the start command reaches, by any runner that names another script."""
    reached: dict[str, str] = {}
    waiting = [e.action.removeprefix(RUN) for e in program.runtime_needs.start if e.action.startswith(RUN)]
    while waiting:
        name = waiting.pop()
        for hook in (f"pre{name}", name, f"post{name}"):
            if hook in project.scripts and hook not in reached:
                reached[hook] = project.scripts[hook]
                waiting += [other for other in project.scripts if _mentions(reached[hook], other)]
    return reached


def _mentions(text: str, *words: str) -> bool:
    return any(re.search(rf"(?<![\w@.-]){re.escape(w)}(?![\w.-])", text) for w in words)


def _configuration(program: Program, table: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Files of the image that a started program reads at start-up."""
    tools = program.runtime_needs.commands
    wanted = tuple(start for tool, start in table if tool in tools)
    wanted += tuple(f"{tool}{ending}" for tool in tools for ending in ("file.", ".config."))
    for path in program.context.files if wanted else ():
        if path.rpartition("/")[2].lower().startswith(wanted) and "node_modules" not in path:
            yield path


def _is_types_only(name: str) -> bool:
    """Whether it is a package of type declarations, or a tool that sources import only to configure it."""
    return name.startswith("@types/") or any(map(is_build_only, possible_programs(name)))


def prune_command(program: Program, project: NodeProject, effect: Effect) -> str | None:
    """The command that removes development dependencies, for the manager that installed them; None if it
    would do more.

    A lock file that did not exist at install time (copied later, or only then written) does not describe
    the installed packages. With it, the command would install its versions, and npm 10 also packages for
    another C library, which it leaves out of an install but not out of the lock file.
    """
    version = node_major(program)
    locked = any(path.endswith(_NPM_LOCKS) for path in effect.manifests)
    late = project.lock is not None and not any(
        path.endswith(f"/{project.lock.path.rpartition('/')[2]}") for path in effect.manifests
    )
    generated = "@prisma/client" in {*project.dependencies, *project.dev_dependencies}
    options = _options_of_tree(effect)  # else npm can't resolve what it has installed
    if options is None or _has_other_packages(program, project, effect):
        return None
    match effect.manager:
        case NodeManager.NPM:
            command = "npm prune --omit=dev" if version is None or version >= 16 else "npm prune --production"
            return " ".join((command, *options) if locked else (command, "--no-package-lock", *options))
        case NodeManager.YARN:
            # yarn 1 also removes files of no package, such as a generated client, and undoes changes of
            # others; yarn 2 has another command
            berry = any(w.endswith((".pnp.cjs", "/.yarn")) for w in effect.writes)
            if generated or late or berry or _changes_packages(program, project, effect):
                return None
            return " ".join(("yarn install --production --ignore-scripts --prefer-offline", *options))
        case NodeManager.PNPM:
            hooks = {"preinstall", "install", "postinstall", "prepare"} & set(project.scripts)
            members = sum(w.endswith("/node_modules") for w in effect.writes) > 1
            return None if generated or late or hooks or members else "pnpm prune --prod"
    return None


def _options_of_tree(install: Effect) -> tuple[str, ...] | None:
    """The options of an install that decide which packages are installed and where; None if the command that
    prunes can't have the same."""
    tree = LANGUAGE.facts("toolchain.toml")["tree"]
    own, valued = tree.get(install.manager, "").split(), tree["valued"].split()
    given = [w.text for w in install.command.words[1:] if w.text.partition("=")[0] in own]
    unclear = any(re.search(r"[$\"'\\]", text) or text in valued for text in given)
    settings = any(re.match(r"(?i)npm_config_|yarn_", name) for name, _ in install.command.assigns)
    return None if settings or unclear else tuple(given)


def _has_other_packages(program: Program, project: NodeProject, install: Effect) -> bool:
    """Whether there are packages that package.json does not name when the install is pruned: a COPY, also of
    a directory that has some, or `--no-save` brought them, or a COPY replaces the package.json that named
    them."""
    directory = install.cwd or "/"
    place, manifest = posixpath.join(directory, "node_modules"), posixpath.join(directory, "package.json")
    listed = {*project.dependencies, *project.dev_dependencies}
    replaced, installed = False, False
    for event in reversed(program.machine.final.events):
        installed |= install in event.effects
        if event.copy is not None:
            held = event.copy.view.context_path(place) if not installed else None
            if inside(event.copy.target or "/", place) or not _packages_in(program, held) <= listed:
                return True
            replaced |= event.copy.view.context_path(manifest) is not None
        for effect in event.effects:
            added = effect.does("install", "node") and effect.cwd == install.cwd
            names = {package.name for package in effect.packages} - listed if added else set()
            if names and (replaced or any(w.text == "--no-save" for w in effect.command.words)):
                return True
    return False


def _packages_in(program: Program, directory: str | None) -> set[str]:
    """The packages in a directory of the context."""
    found = (
        (path[len(directory) + 1 :].split("/") for path in program.context.under(directory))
        if directory
        else ()
    )
    return {"/".join(parts[: 2 if parts[0].startswith("@") else 1]) for parts in found if parts[0][:1] != "."}


def _changes_packages(program: Program, project: NodeProject, install: Effect) -> bool:
    """Whether a hook of the project, or a step behind the install, may change files of installed packages."""
    place = posixpath.join(install.cwd or "/", "node_modules")
    hooks = [interpreted(text, State(cwd=install.cwd)).effects for text in project.hooks.values()]
    own = [e for effects in hooks for atom in effects for e in atom]
    if any(e.writes_anywhere or any(overlap(w, place) for w in e.writes) for e in own):
        return True
    steps = program.effects
    later = (e for e in steps[steps.index(install) + 1 :] if e.kind not in ("install", "prune", "cache"))
    return any(inside(w, place) for e in later for w in e.writes)


def node_major(program: Program) -> int | None:
    version = program.base.version if program.base and program.base.language == "node" else None
    return next(iter(version_numbers(version or "")), None)
