"""Closed worlds: what may be left out because all its readers, or callers, are known.

Nothing is dropped for want of a reader unless all users of its region are known. Each function says why they
are not, for one kind of region; None if they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from slimify.analysis.brought_programs import built_programs, packaged_programs
from slimify.analysis.development_servers import development_server
from slimify.analysis.program import Program, RuntimeNeeds
from slimify.analysis.runtime_needs import unread_start
from slimify.analysis.server_files import served_files
from slimify.context.scan import Context
from slimify.facts.image_tables import entry_scripts
from slimify.facts.images import ImageFacts
from slimify.facts.programs import (
    compilers,
    only_waits,
    reads_files_by_name,
    reads_only_arguments,
    starts_what_users_name,
    working_copy,
)
from slimify.facts.servers import drops_root, is_web_server, sets_path
from slimify.facts.shells import is_shell, wrapper
from slimify.facts.system import default_path, is_shared_directory
from slimify.languages import languages, lock_names, of_effect
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS, LEAVES_NOTHING, Action, Effect
from slimify.model.regex import regex
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.effects.registry import plain_name
from slimify.semantics.effects.state import State
from slimify.semantics.machine.stages import Event
from slimify.semantics.paths import inside, inside_any, join_path, overlap

_SETTINGS_FILE = regex(
    r"/\.env(?:\.[\w.-]+)?$|\.(?:ya?ml|json|toml|ini|conf|cfg|env|properties|pem|crt|key)$"
)


def unknown_programs(
    needs: RuntimeNeeds,
    build: Sequence[Effect],
    base: ImageFacts | None,
    context: Context,
    sources: Use | None,
    brought: Iterable[Event],
) -> Reason | None:
    """Why not every program that can be started at run time is known. `build` are the effects of all RUNs,
    `sources` is where a mount hides the image's own sources, `brought` left what comes from other stages.

    Not known are those that a program starts by a name that only run time knows, and those of a program whose
    sources were not read, or that an image without a start is used for.
    """
    if needs.dynamic:
        return Reason.of("SL203", "dynamic", place=needs.dynamic[0].place)
    unread = unread_start(needs.start) or next(
        (e.why for e in needs.start if e.kind == "build" and e.why), None
    )
    if unread is not None:
        return Reason.of("SL203", "unread_package", why=unread)
    if not needs.start or not needs.has_start:
        return Reason.of("SL203", "no_start")
    if all(_is_for_people(e) for e in needs.start if e.tool not in entry_scripts()):
        return Reason.of("SL203", "only_waits")
    host = next((c for c in needs.commands if starts_what_users_name(c)), None)
    if host is not None:
        return Reason.of("SL203", "host", command=host)
    server = development_server(needs)
    if server is not None and sources is not None:
        return Reason.of("SL203", "mounted", server=server[0], file=sources.file, at=sources.line)
    fetched = unread_build(needs, build) or _fetched_script(
        needs, (*build, *(e for event in brought for e in event.effects))
    )
    if fetched:
        return Reason.of("SL203", "unread_program", command=fetched)
    started = (e for e in needs.start if e.kind == "unknown")
    unknown = [e for e in started if not _is_known_program(e.tool, build, base)]
    own = _project_programs(context) if unknown else ()
    effect = next((e for e in unknown if e.tool.rpartition("/")[2] not in own), None)
    if effect is not None and not effect.tool and effect.why is not None:
        return Reason.of("SL203", "unread_package", why=effect.why)
    return Reason.of("SL203", "unread_program", command=effect.tool) if effect is not None else None


def unknown_programs_of(program: Program, needs: RuntimeNeeds | None = None) -> Reason | None:
    """`unknown_programs` of a classified file, with other needs than its own if they are given."""
    mounted = mounted_sources(program.mounts, program.end_state.cwd)
    known = needs or program.runtime_needs
    return unknown_programs(known, program.effects, program.base, program.context, mounted, program.brought)


def unread_manifest(effects: Iterable[Effect], end: State) -> str:
    """The manifest of an install that a COPY names and the build context lacks, or that a step makes of
    something else than a manifest: what its packages need is not known. "" if there is none. Without its lock
    file, a project still names them."""
    named = (m for e in effects if e.kind in INSTALLS for m in e.manifests)
    for path in (m for m in named if posixpath.basename(m) not in lock_names()):
        source = end.view.manifest(path)
        if source and not end.view.context.has(source):
            return source
        if not source and path in end.view.made and end.view.text(path) is None:
            return path
    return ""


def unread_application(needs: RuntimeNeeds, effects: Iterable[Effect], context: Context) -> str:
    """The package that the image starts, if a step installs it by its name and neither sources nor facts tell
    what it needs; "" if there is none. Where it serves sources that were read, those do."""
    named = [(e, p.name) for e in effects if e.kind in INSTALLS and e.ecosystem for p in e.packages]
    if not named or needs.sources.imports:
        return ""
    own = {_plain_name(name) for name in _project_programs(context)}
    words = {_plain_name(w.value or "") for e in needs.start for w in e.command.words} - own
    places = [path for e in needs.start for path in e.reads]
    for effect, name in named:
        known = of_effect(effect)
        packages = known.packages if known is not None else None
        if packages is None or packages.package_facts(name).known:
            continue
        called = any(_plain_name(alias) in words for alias in packages.aliases(name))
        if called or any(f"/{name}/" in path for path in places):
            return name
    return ""


def _plain_name(text: str) -> str:
    """A name as packages, modules and programs share it: of a path, the last part."""
    return text.rpartition("/")[2].lower().replace("-", "_")


def unknown_start(program: Program) -> Reason | None:
    """Why not all that the image starts by constant names is known."""
    return unknown_programs_of(program, replace(program.runtime_needs, dynamic=()))


def _is_for_people(effect: Effect) -> bool:
    """Whether a program that is started does nothing before somebody starts another one, or types."""
    idle = only_waits(effect.tool.rpartition("/")[2]) or len(effect.command.words) == 1
    return idle and effect.kind in LEAVES_NOTHING


def mounted_sources(mounts: Sequence[Use], directory: str | None) -> Use | None:
    """The mount that hides the working directory of the image; None if there is none."""
    return next((m for m in mounts if directory not in (None, "/") and inside(directory, m.name)), None)


def _fetched_script(needs: RuntimeNeeds, build: Iterable[Effect]) -> str:
    """The script that run time starts or opens, and that a step fetches in a repository or an archive; "" if
    there is none."""
    effects = (e for e in build if e.kind in ("fetch", "unpack"))
    places = [w for e in effects for w in (*e.writes, *e.outputs) if not is_shared_directory(w)]
    endings = (".sh", *(suffix for known in languages() for suffix in known.source_suffixes))
    named = (*needs.paths, *(use.name for use in needs.sources.paths)) if places else ()
    return next((path for path in named if path.endswith(endings) and inside_any(path, places)), "")


def unread_build(needs: RuntimeNeeds, build: Sequence[Effect]) -> str:
    """The program that the image starts, and that a step compiles from sources that were not read: those of
    another place than the build context, or moved there; "" if there is none."""
    sources = needs.sources
    read = "main" in sources.features and "unseen" not in sources.features
    compiled = [e for e in build if e.kind == "compile"]
    made = built_programs(e for e in compiled if not (e.reads and read))
    made -= built_programs(e for e in compiled if e.reads and read)
    names = (e.tool.rpartition("/")[2] for e in needs.start)
    return next((name for name in names if name in made and not reads_only_arguments(name)), "")


def compiles_unknown(needs: RuntimeNeeds) -> Use | None:
    """Where a start script or a source starts a compiler, or a source an installer: what it compiles may
    include any header of the base, while what a known package compiles includes the compiler's own alone."""
    started = {e.tool.rpartition("/")[2]: e.kind in INSTALLS for e in needs.start}
    called = {use.name.rpartition("/")[2]: use for use in needs.sources.commands}
    own = [needs.commands[c] for c in compilers() if c in needs.commands and c in {*called, *started}]
    managers = {manager for known in languages() for manager in known.managers}
    own += [u for name, u in called.items() if plain_name(name) in managers and started.get(name, True)]
    endings = tuple(ending for known in languages() for ending in known.source_suffixes)
    begun = zip(needs.start, needs.origins, strict=True)
    own += [u for e, u in begun if e.kind in INSTALLS and e.ecosystem and u.file.endswith(endings)]
    return next(iter(own), None)


def unknown_readers(program: Program, place: str, named: Collection[str]) -> Reason | None:
    """Why it is not known that run time reads nothing below the directory `place` but `named`, all of which
    the build context has.

    It is not where a program that reads files is unknown, where names are put together at run time, and where
    a named file is missing or git ignores it: only those who build the image know whether it is there.
    """
    needs = program.runtime_needs
    sources = needs.sources
    if sources.skipped:
        return Reason.of("SL316", "skipped", file=sources.skipped[0])
    if not sources.complete:
        return Reason.of("SL316", "unread_sources")
    if sources.computed and may_compose_names_in(place, sources, program.end_state.cwd, program.effects):
        use = sources.computed[0]
        return Reason.of("SL316", "library", use=use) if use.name else Reason.of("SL316", "computed", use=use)
    unread = unread_start(needs.start)
    if unread is not None:
        return Reason.of("SL316", "unread_start", why=unread)
    made = _made_programs(e for e in program.effects if e.reads or e.kind != "compile")
    for effect in needs.start:
        name = effect.tool.rpartition("/")[2]
        if effect.kind in LEAVES_NOTHING or name in made or _reads_its_configuration(name):
            continue
        if not name:
            return Reason.of("SL316", "any_program")
        if not reads_only_arguments(name):
            return Reason.of("SL316", "reader", command=effect.tool)
    if overlap(place, program.end_state.cwd or "/"):  # where sources start programs
        if needs.dynamic:
            return Reason.of("SL316", "any_called", place=needs.dynamic[0].place)
        caller = next((use for use in sources.commands if _may_read_any(program, use.name, made)), None)
        if caller is not None:
            return Reason.of("SL316", "called", use=caller)
    repeated = (e for s in program.steps for e in s.final_effects)
    reader = next((e for e in (*repeated, *needs.start) if e.reads_anything), None)
    if reader is not None:
        return Reason.of("SL316", "reader", command=reader.tool)
    served = served_files(program).unknown
    if served is not None:
        return Reason.of("SL316", "configured", use=served)
    script = next(scripted_paths(program, known=False), None)
    if script is not None:
        return Reason.of("SL316", "variable", use=script)
    for path, source in absent_files(program, place, named):
        if source is not None:
            return Reason.of("SL316", "absent", path=path, use=source)
        return Reason.of("SL316", "absent_setting", path=path)
    return None


def _may_read_any(program: Program, called: str, made: Collection[str]) -> bool:
    """Whether a program that sources start may read files that it is not given. What scripts and texts for a
    shell start is known, and so is what a makefile's targets do."""
    name, view, cwd = called.rpartition("/")[2], program.end_state.view, program.end_state.cwd
    repository = working_copy(name)
    if repository:
        path = join_path(cwd, repository)
        return path is None or view.context_path(path) is not None
    if (
        name in made
        or is_shell(name)
        or wrapper(name)
        or reads_files_by_name(name)
        or reads_only_arguments(name)
    ):
        return False
    homes = ("",) if "/" in called else (program.end_state.env.get("PATH") or default_path()).split(":")
    scripts = (join_path(cwd, posixpath.join(home, called)) for home in homes)
    return all(path is None or view.text(path) is None for path in scripts)


def may_compose_names_in(
    place: str, sources: SourceFacts, cwd: str | None, effects: Iterable[Effect]
) -> bool:
    """Whether a program puts names together for files there: where it starts, or where it is itself."""
    homes = {cwd or "/"}
    if "executable" in sources.features:
        homes |= {posixpath.dirname(o) for e in effects if e.kind == "compile" for o in e.outputs}
    return any(overlap(place, home) for home in homes)


def absent_files(program: Program, place: str, named: Collection[str]) -> Iterator[tuple[str, Use | None]]:
    """The files below a directory that run time reads, and that not every final image has: those that sources
    name, with the place, and settings."""
    used = {p: use for use in program.runtime_needs.sources.paths for p in _image_paths(program, use.name)}
    named_here: list[tuple[str, Use | None]] = [(path, use) for path, use in used.items() if path != place]
    named_here += ((path, None) for path in filter(_SETTINGS_FILE.search, named))
    for path, use in named_here:
        if inside(path, place) and not _is_always_there(program, path):
            yield path, use


def _is_always_there(program: Program, path: str) -> bool:
    """Whether every final image has the path: it is in each checkout, a step that is executed in the final
    stage makes it, or it belongs to an artifact. What other steps of the builder may leave is not copied."""
    final = (e for s in program.steps for e in s.final_effects)
    if any(_makes(e, path) for e in final) or any(overlap(a.path, path) for a in program.artifacts):
        return True
    place, context = program.end_state.view.context_path(path), program.context
    if place is None or not context.has(place) or (context.is_dir(place) and not context.under(place)):
        return False  # git stores no empty directories
    return context.repository is None or not context.repository.ignores(place)


def scripted_paths(program: Program, *, known: bool) -> Iterator[Use]:
    """The paths that entry scripts name with the help of variables: image paths if the variables are known,
    else the words. `$PATH/…` of a variable that the script itself sets is not known."""
    state = program.end_state
    for script in dict.fromkeys(
        p for e in program.runtime_needs.start if e.action == Action.SCRIPT for p in e.reads
    ):
        file = state.view.context_path(script) or "Dockerfile"
        for number, line in enumerate((state.view.text(script) or "").splitlines(), 1):
            for name, rest in _VARIABLE_PATH.findall("" if line.lstrip().startswith("#") else line):
                value = state.get(name)
                if known and value is not None:
                    yield Use(name=posixpath.normpath(value + rest), file=file, line=number)
                elif not known and value is None and name not in _POSITION:
                    yield Use(name=f"${name}{rest}", file=file, line=number)


_VARIABLE_PATH = regex(r"\$\{?(\w+)\}?((?:/[\w.-]+)+)")
_POSITION = frozenset({"HOME", "PWD", "TMPDIR"})


def _image_paths(program: Program, name: str) -> Iterator[str]:
    """The paths that a file name may stand for: programs are started in the last working directory."""
    homes = {program.end_state.cwd or "/", *(e.cwd for e in program.runtime_needs.start if e.cwd)}
    name = name.partition("*")[0]
    return (posixpath.normpath(posixpath.join(home, name)) for home in sorted(homes))


def _makes(effect: Effect, path: str) -> bool:
    """Whether a command may make the path: `mkdir` makes nothing below a directory, changes of files and
    their owners make nothing at all."""
    if effect.kind in LEAVES_NOTHING or effect.kind == "meta" or effect.action == Action.EDIT:
        return False
    made = (*effect.writes, *effect.outputs)
    return any(inside(w, path) or (effect.tool != "mkdir" and inside(path, w)) for w in made)


def _project_programs(context: Context) -> frozenset[str]:
    """The programs that the project in the context installs itself: their sources were read."""
    projects = (known.project for known in languages())
    return frozenset(name for p in projects if p is not None for name in p.project_programs(context))


def _reads_its_configuration(name: str) -> bool:
    """Whether what a program reads and starts is in its configuration, which was read."""
    return name in entry_scripts() or is_web_server(name) or drops_root(name) or sets_path(name)


def _made_programs(build: Iterable[Effect]) -> frozenset[str]:
    """The names of programs that build steps make, and of links to what they make."""
    build = tuple(build)
    made = [path for e in build if e.action != Action.LINK for path in (*e.outputs, *e.writes)]
    links = (
        e for e in build if e.action == Action.LINK and any(overlap(r, m) for r in e.reads for m in made)
    )
    return built_programs(build).union(path.rpartition("/")[2] for e in links for path in e.writes)


def _is_known_program(tool: str, build: Sequence[Effect], base: ImageFacts | None) -> bool:
    """Whether it is known what a program starts: it is built here, or one of the system that starts nothing
    but what its configuration, which was read, names."""
    name = tool.rpartition("/")[2]
    known = _reads_its_configuration(name) or name in _made_programs(build)
    return known or name in packaged_programs(build, base, kind="run")
