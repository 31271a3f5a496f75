"""Claims that nothing at run time needs something, each checked from the machines and the runtime needs.

What roots name is compared on its own; a claim is about the rest of a region.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from slimify.analysis.brought_programs import installed_programs
from slimify.analysis.closed_worlds import may_compose_names_in
from slimify.analysis.deployed_trees import trees_left_behind
from slimify.analysis.login_shells import reads_login_files
from slimify.analysis.packages.build_settings import install_only_settings
from slimify.analysis.packages.package_files import package_files
from slimify.facts.commands import readers_of
from slimify.facts.shells import is_login_file
from slimify.facts.system import default_path, is_for_libraries, is_for_people, is_package_source, is_scratch
from slimify.facts.toolchains import installers
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, INSTALLS, Action, Effect
from slimify.semantics.changed_settings import changes_install_settings
from slimify.semantics.machine.content import content_at, copied_from_stages
from slimify.semantics.machine.stages import Copy, Stage
from slimify.semantics.paths import inside, inside_any, is_named_place
from slimify.validation.comparison import Comparison
from slimify.validation.roots import (
    is_directory_still,
    is_for_compiler,
    is_generated_source,
    is_source,
    known_programs,
)


def may_go(compared: Comparison, effect: Effect, path: str, roots: Sequence[str]) -> bool:
    """Whether the image may lack what an effect of the old file left at a path. `roots` are the paths that
    run time names."""
    if is_directory_still(compared, effect, path):
        return True
    if compared.programs_are_known and effect.kind in INSTALLS and is_login_file(path):
        return not reads_login_files(path, compared.needs, compared.old.final.end)
    if _is_for_run_time(compared, effect, path, roots) or _is_fetched_program(compared, effect, path):
        return False
    if not is_named_place(path) and (is_scratch(path) or is_package_source(path)):
        return True
    if _is_settings_of_build(compared, effect, path) or is_generated_source(compared, effect):
        return True
    if is_for_compiler(compared, path) or is_source(compared, effect, path):
        return True
    return compared.start_is_known and (
        compared.needs.only_serves_files
        or (not compared.needs.dynamic and _is_unused_program(compared, effect, path))
        or _is_unused_install(compared, effect, path)
        or _is_unread(compared, path)
        or _is_source_of_install(compared, path)
        or _is_deployed(compared, path)
    )


def _is_source_of_install(compared: Comparison, path: str) -> bool:
    """Whether it is in the sources of a program or library that a build installed elsewhere, and no variable
    names them."""
    old = compared.old.final
    brought = (e for e in old.effects if e.kind in ("unpack", "fetch"))
    tree = next((w for e in brought for w in e.writes if inside(path, w) and w != old.end.cwd), None)
    if tree is None or any(tree in value for value in old.end.env.values() if value):
        return False
    builds = (e for e in old.effects if e.kind == "build" and inside(e.cwd or "/", tree))
    installed = [w for e in builds for w in e.writes if not inside(w, tree)]
    return bool(installed) and all(content_at(compared.new.final, w).origins for w in installed)


def _is_deployed(compared: Comparison, path: str) -> bool:
    """Whether it is in a tree of which run time needs only a part that is complete, and that is there."""
    old, new = compared.old.final, compared.new.final
    trees = compared.program.once(
        "deployed", lambda: trees_left_behind(old.effects, compared.program.runtime, compared.needs, old.end)
    )
    targets = [t for tree, t in trees.items() if inside(path, tree) and not inside(path, t)]
    return bool(targets) and all(content_at(new, t).origins == content_at(old, t).origins for t in targets)


def is_unused_copy(compared: Comparison, copy: Copy, place: str) -> bool:
    """Whether a COPY from a stage or an image brings packages for an install of the old file, or a program
    that neither run time nor a step of the new image starts."""
    if place in package_files(compared.old.final, compared.needs):
        return True
    directory, name = posixpath.split(place)
    on_path = directory in (compared.old.final.end.get("PATH") or default_path()).split(":")
    known = compared.start_is_known and not compared.needs.dynamic
    steps = {tool.rpartition("/")[2] for e in compared.new.final.effects for tool in (e.tool, *e.tools)}
    used = name in compared.needs.commands or name in steps
    return bool(copy.image) and on_path and known and not used


def _is_for_run_time(compared: Comparison, effect: Effect, path: str, roots: Sequence[str]) -> bool:
    """Whether a path has a reader at run time whatever else is known: it is a program that is started, a
    directory that was made for another account, or at or below what run time names."""
    if effect.kind == "install-global" and installed_programs(effect) & set(compared.needs.commands):
        return True
    if is_named_place(path) or is_scratch(path):
        return False
    if path in roots or (inside_any(path, roots) and not is_for_compiler(compared, path)):
        return True
    if not _makes_directories(effect):
        return _is_started(compared, path)
    content = content_at(compared.old.final, path)
    return (content.owner != "" or bool(content.mode)) and not _is_unread(compared, path)


def _is_fetched_program(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether it is a program that a step compiles from sources elsewhere, and run time may start any."""
    fetched = effect.kind == "compile" and path in effect.outputs and not effect.reads
    return fetched and not compared.programs_are_known


def _makes_directories(effect: Effect) -> bool:
    return effect.tool == "mkdir" or effect.action == "mkdir"


def _is_started(compared: Comparison, path: str) -> bool:
    """Whether it is a program that run time starts, and the new image has no other one of its name that the
    old one had as well."""
    name = posixpath.basename(path)
    if name not in compared.needs.commands:
        return False
    effects = (e for e in compared.effects if e.kind != "meta" and not _makes_directories(e))
    made = {p for e in effects for p in (*e.outputs, *e.writes) if posixpath.basename(p) == name}
    old, new = compared.old.final, compared.new.final
    kept = (p for p in made - {path} if content_at(new, p).origins)
    return not any(content_at(new, p).origins == content_at(old, p).origins for p in kept)


def _is_settings_of_build(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether a file holds settings of programs that nothing at run time starts, or settings of package
    managers that only installs read."""
    readers = set(readers_of(path, compared.program.language))
    if readers:
        return not compared.needs.dynamic and not readers & set(compared.needs.commands)
    return changes_install_settings(effect, install_only_settings(compared.needs))


def _is_unused_program(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether the effect installs programs that nothing starts."""
    commands, facts = compared.needs.commands, compared.old.final.facts
    if path in effect.outputs and effect.kind in ("compile", "build"):
        return posixpath.basename(path) not in commands and path not in commands
    known = language(effect.ecosystem)
    if known is not None and path.endswith("bin") and is_named_place(path):
        programs = {
            *known.interpreters,
            *known_programs(compared),
            *(facts.commands if facts is not None else ()),
        }
        programs |= _copied_programs(compared.new.final)
        return {posixpath.basename(c) for c in commands} <= programs
    if effect.kind != "install-global":
        return False
    names = installed_programs(effect)
    return bool(names) and not names & set(commands)


def _copied_programs(stage: Stage) -> frozenset[str]:
    """The programs that are copied to where the shell looks for them."""
    directories = (stage.end.get("PATH") or default_path()).split(":")
    places = map(posixpath.split, copied_from_stages(stage))
    return frozenset(name for directory, name in places if directory in directories)


def _is_unused_install(compared: Comparison, effect: Effect, path: str) -> bool:
    """Whether it installs packages of a language that nothing at run time executes, nothing but installers
    that nothing at run time calls, or leaves something for packages that nothing imports or starts."""
    known, needs = language(effect.ecosystem), compared.needs
    if known is None or effect.kind not in INSTALLS | {"fetch"}:
        return False
    commands, own = set(needs.commands), installers(known)
    if own is not None and not effect.manifests and not own.commands & commands:
        named = {p.name.lower() for p in effect.packages}
        names = named or {effect.manager if effect.action != Action.INSTALL else ""}  # `pip install dist/*`
        if names <= {*known.installers, *own.commands} and not own.managers & {
            e.manager for e in needs.start
        }:
            return True
    if effect.kind == "fetch":
        return False
    started = commands | {e.tool for e in needs.start}
    runs = any(e.ecosystem == known.name for e in needs.start) or bool(started & set(known.interpreters))
    if known is not compared.own and not runs:
        return True
    if known.packages is None or is_named_place(path):
        return False
    used = {*commands, *(use.name for use in needs.sources.imports)}
    leaving = known.packages.leaving(path)
    return bool(leaving) and not any({n, *known.packages.programs(n)} & used for n in leaving)


def _is_unread(compared: Comparison, path: str) -> bool:
    """Whether the program is compiled and reads nothing there: it opens files by constant names only, or
    composes names in its working directory, which is elsewhere; scripts read no unknown files."""
    compiled = compared.own is not None and compared.own.is_compiled
    if not compiled or is_for_libraries(path) or any(e.reads_anything for e in compared.needs.start):
        return False
    sources = compared.needs.sources
    named = not (sources.computed or sources.unread)
    cwd = compared.old.final.end.cwd
    return sources.complete and (named or not may_compose_names_in(path, sources, cwd, compared.effects))


def context_problems(compared: Comparison, roots: Sequence[str]) -> Iterator[Reason]:
    """Files of the build context that the new image lacks although they may be read. `roots` are the paths
    that run time names."""
    old, new = compared.old.final.end.view, compared.new.final.end.view
    if old.copies == new.copies:
        return
    for path in new.under("/"):
        file = old.context_path(path)
        if file is not None and new.context_path(path) not in (file, None):
            yield Reason.of("SL409", "file_missing", path=path, file=file)
    if compared.start_is_known and compared.needs.only_serves_files:
        return
    runs = compared.own.runtime_manifests if compared.own is not None else ()
    manifests = frozenset(m for e in compared.effects for m in e.manifests if e.kind in BUILDS)
    kept = frozenset(new.copies)
    gone = replace(old, copies=tuple(item for item in old.copies if item not in kept), texts=())
    for path in gone.under("/"):
        file = old.context_path(path)
        if file is None or file == new.context_path(path) or is_scratch(path):
            continue
        if path in manifests and path not in roots and posixpath.basename(path) not in runs:
            continue
        needed = inside_any(path, roots) or not _is_unneeded_file(compared, path, file)
        if needed and not content_at(compared.old.final, path).lost:
            yield Reason.of("SL409", "file_missing", path=path, file=file)


def _is_unneeded_file(compared: Comparison, path: str, file: str) -> bool:
    """Whether nothing at run time reads a file that no root names."""
    if is_for_people(file) or is_for_compiler(compared, file):
        return True
    known = bool(compared.needs.start) and compared.start_is_known
    return known and (_is_unread(compared, path) or _is_deployed(compared, path))
