"""Whether development dependencies can be removed after the build, and the command that removes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.system import is_plain_root
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.package_json import NodeProject, installed_projects, node_project
from slimify.languages.node.planning.development_needs import (
    development_bytes,
    development_packages,
    droppable,
)
from slimify.languages.node.vocabulary import NodeManager
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import Effect
from slimify.model.versions import version_numbers
from slimify.planning.in_place.edits import Pruned, step_line
from slimify.planning.stages.line_wrapping import with_wrapped_names
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.stages import Event
from slimify.semantics.paths import inside, inside_any, overlap

_HOOKS = frozenset({"preinstall", "install", "postinstall", "prepare"})
_FROZEN = "--frozen-lockfile"
_PNPM_WORKSPACE = "CI=true pnpm install --prod {frozen} --config.modules-cache-max-age=0"
_NPM_LOCKS = ("/package-lock.json", "/npm-shrinkwrap.json")


def pruning(
    program: Program,
    paths: Iterable[str],
    keep: Iterable[str] = (),
    *,
    end: State,
    view: ContextView | None = None,
) -> Pruned:
    """What drops development dependencies below the paths in the state at the end of a stage. For `view` see
    `droppable`.

    `keep` are paths that must stay. If one of them is an installed package, nothing is pruned: a
    development package would not survive without its dependencies.
    """
    keep, places = tuple(keep), tuple(paths)
    effects = program.effects
    found = Pruned()
    if any(e.kind == "prune" for e in effects):
        return found
    installs = _last_installs(program)
    for effect, brought in installs.values():
        directory = effect.cwd or "/"
        modules = f"{directory.rstrip('/')}/node_modules"
        if (
            not effect.dev
            or not inside_any(modules, places)
            or content_at(program.machine.final, modules).gone
        ):
            continue
        project = project_of(program, effect)
        count = len(development_packages(program, project)) if project is not None else 0
        if project is None or not count:
            continue
        path = next((path for path in keep if path.startswith(f"{modules}/")), "")
        going = droppable(program, project, view)
        why = Reason.of("SL313", "kept", path=path) if path else going.obstacle
        why = why or _other_account(program, effect, end)
        command = None if why else prune_command(program, project, effect, end.user, brought, going.names)
        saving = development_bytes(program, project, going.kept)
        if command is None:
            found = found.with_decision(going.all_stay(count, why, saving))
            continue
        for decision in going.kept_decisions():
            found = found.with_decision(decision)
        prefix = "" if end.cwd == directory else f"cd {directory} && "
        line = with_wrapped_names(f"RUN {prefix}{command}", going.names, program.dockerfile.newline)
        found = replace(
            found.with_decision(Decision.of("SL312", "pruned", count=len(going.names) or count)),
            lines=(*found.lines, line),
            names=going.names if len(installs) == 1 else (),  # else another may keep them
            places=(*found.places, f"{directory}/node_modules"),
            saving=found.saving + saving,
        )
    return found


def pruned_above(program: Program) -> Pruned:
    """What the file itself prunes in a layer above the one that brings the packages: it stays in the image,
    unless a stage of its own prunes it."""
    found, installs = Pruned(), _last_installs(program)
    prunes = ((s, installs.get(e.cwd or "/")) for s in program.steps for e in s.effects if e.kind == "prune")
    for step, (install, _) in ((step, known) for step, known in prunes if known is not None):
        project = project_of(program, install) if install.dev and install not in step.effects else None
        if project is not None:
            count = len(development_packages(program, project))
            told = Decision.of("SL312", "below", safety="safe", line=step.line, count=count)
            saving = found.saving + development_bytes(program, project)
            found = replace(found.with_decision(told), saving=saving)
    return found


def _last_installs(program: Program) -> Mapping[str, tuple[Effect, Event | None]]:
    """The last install in each directory, with the COPY that brings its packages from another stage."""
    own = ((e.cwd, (e, None)) for e in program.effects if e.does("install", "node") and e.cwd)
    return {**dict(_brought_installs(program)), **dict(own)}


def _brought_installs(program: Program) -> Iterator[tuple[str, tuple[Effect, Event]]]:
    """The installs of npm in other stages, by the directory to which a COPY brings their packages, for
    root."""
    for event in program.machine.final.events if is_plain_root(program.end_state.user) else ():
        copy = event.copy
        if copy is None or copy.stage is None or copy.target is None:
            continue
        for effect in copy.stage.effects:
            if effect.does("install", "node") and effect.manager == NodeManager.NPM and effect.cwd:
                place = posixpath.join(effect.cwd, "node_modules")
                source = next((path for path in copy.sources if inside(place, path)), place)
                target = posixpath.normpath(posixpath.join(copy.target, posixpath.relpath(place, source)))
                directory, name = posixpath.split(target)
                if name == "node_modules" and source in copy.sources:
                    yield directory, (replace(effect, cwd=directory), event)


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


def _other_account(program: Program, install: Effect, end: State) -> Reason | None:
    """Why what an install wrote can't be deleted at the end: another account did, and owns it."""
    step = next((s for s in program.steps if install in s.effects), None)
    if step is None or is_plain_root(end.user) or step.state.user == end.user:
        return None
    place = posixpath.join(install.cwd or "/", "node_modules")
    given = any(e.kind == "meta" and any(inside(place, w) for w in e.writes) for e in program.effects)
    return None if given else Reason.of("SL313", "account", step=step_line(step), user=end.user)


def builder_end(program: Program) -> State:
    """The state of the last build step; of what follows another stage at least that of this stage's end, as
    the builder executes all of it."""
    builds = [s for s in program.steps if s.keyword == "RUN" and s.role in ("build", "both")]
    if builds and builds[-1].index >= program.own:
        return builds[-1].state
    return next((s.state for s in program.steps if builds and s.index >= program.own), program.end_state)


def prune_command(
    program: Program,
    project: NodeProject,
    effect: Effect,
    user: str,
    brought: Event | None = None,
    names: Sequence[str] = (),
) -> str | None:
    """The command that removes development dependencies, or only those of `names`, for the manager that
    installed them; None if it would do more. `user` executes it, `brought` is the COPY that brings them from
    another stage, if one does.

    A lock file that did not exist at install time (copied later, or only then written) does not describe
    the installed packages. With it, the command would install its versions, and npm 10 also packages for
    another C library, which it leaves out of an install but not out of the lock file.
    """
    version = node_major(program)
    locks = [path for path in effect.manifests if path.endswith(_NPM_LOCKS)]
    here = (posixpath.join(effect.cwd or "/", posixpath.basename(path)) for path in locks)
    locked = any(brought is None or program.end_state.view.context_path(path) for path in here)
    late = project.lock is not None and not any(
        path.endswith(f"/{project.lock.path.rpartition('/')[2]}") for path in effect.manifests
    )
    generated = "@prisma/client" in {*project.dependencies, *project.dev_dependencies}
    options = _options_of_tree(effect)  # else npm can't resolve what it has installed
    if options is None or _has_other_packages(program, project, effect, brought):
        return None
    modern = version is None or version >= 16
    if names and not (effect.manager == NodeManager.NPM and modern):
        return None  # the other managers would write package.json anew
    match effect.manager:
        case NodeManager.NPM if names:
            lockless = () if locked else ("--no-package-lock",)
            return " ".join(("npm uninstall --no-save", *lockless, *options, *names))
        case NodeManager.NPM:
            command = "npm prune --omit=dev" if modern else "npm prune --production"
            if locked and not command.endswith("--production") and not is_plain_root(user):
                options = ("--no-save", *options)  # the lock file may be another's
            return " ".join((command, *options) if locked else (command, "--no-package-lock", *options))
        case NodeManager.YARN:
            # yarn 1 also removes files of no package, such as a generated client, and undoes changes of
            # others; yarn 2 has another command
            berry = any(w.endswith((".pnp.cjs", "/.yarn")) for w in effect.writes)
            if generated or late or berry or _changes_packages(program, project, effect):
                return None
            return " ".join(("yarn install --production --ignore-scripts --prefer-offline", *options))
        case NodeManager.PNPM:
            # it works on one package alone (pnpm.io/cli/prune), and leaves what hooks and steps have added to
            # the packages that stay (tried with pnpm 9); an install in a workspace asks, except in CI
            projects = installed_projects(program.context, project)
            if late or any(not _HOOKS.isdisjoint(own.scripts) for own in projects):
                return None
            if project.workspaces or len(projects) > 1:
                return _pnpm_install(program, project, effect, projects)
            return "pnpm prune --prod"
    return None


def _pnpm_install(
    program: Program, project: NodeProject, effect: Effect, projects: Iterable[NodeProject]
) -> str | None:
    """The install that leaves development dependencies of a workspace out. Without `modules-cache-max-age`,
    removed packages stay for a week (tried with pnpm 9.15), and a store in a cache mount is not there."""
    words = [word.text for word in effect.command.words]
    generated = any("@prisma/client" in {*p.dependencies, *p.dev_dependencies} for p in projects)
    mounted = any("--mount" in s.instruction.raw for s in program.steps if effect in s.effects)
    unsure = generated or mounted or any(word.startswith(("--filter", "-F")) for word in words)
    if unsure or project.lock is None or _changes_packages(program, project, effect):
        return None
    return _PNPM_WORKSPACE.format(frozen=_FROZEN if _FROZEN in words else "--no-frozen-lockfile")


def _options_of_tree(install: Effect) -> tuple[str, ...] | None:
    """The options of an install that decide which packages are installed and where; None if the command that
    prunes can't have the same."""
    tree = LANGUAGE.facts("toolchain.toml")["tree"]
    own, valued = tree.get(install.manager, "").split(), tree["valued"].split()
    given = [w.text for w in install.command.words[1:] if w.text.partition("=")[0] in own]
    unclear = any(re.search(r"[$\"'\\]", text) or text in valued for text in given)
    settings = any(re.match(r"(?i)npm_config_|yarn_", name) for name, _ in install.command.assigns)
    return None if settings or unclear else tuple(given)


def _has_other_packages(
    program: Program, project: NodeProject, install: Effect, brought: Event | None
) -> bool:
    """Whether there are packages that package.json does not name when the install is pruned: a COPY, also of
    a directory that has some, `--no-save` or a program that hoists those of others brought them, or a COPY
    replaces the package.json that named them."""
    directory = install.cwd or "/"
    place, manifest = posixpath.join(directory, "node_modules"), posixpath.join(directory, "package.json")
    listed = {*project.dependencies, *project.dev_dependencies}
    hoisting = LANGUAGE.words("toolchain.toml", "installs", "hoisting")
    replaced, installed = False, False
    for event in reversed(program.machine.final.events):
        carries = brought is not None and event.number == brought.number
        installed |= install in event.effects or carries
        if event.copy is not None and not carries:
            held = event.copy.view.context_path(place) if not installed else None
            if inside(event.copy.target or "/", place) or not _packages_in(program, held) <= listed:
                return True
            replaced |= event.copy.view.context_path(manifest) is not None
        for effect in event.effects:
            added = effect.does("install", "node") and effect.cwd == install.cwd
            if added and {effect.tool, *effect.tools} & {*hoisting}:
                return True
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
