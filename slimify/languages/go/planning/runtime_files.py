"""The files that a Go program needs at run time: its binaries, and what it may open.

Only the compiler reads sources and modules. If all names that the program opens are known, the final stage
gets these files; otherwise everything except sources.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from slimify.analysis.closed_worlds import (
    absent_files,
    may_compose_names_in,
    unknown_programs_of,
    unknown_readers,
)
from slimify.analysis.program import Program, Step
from slimify.analysis.roles.model import Artifact
from slimify.context.scan import Context
from slimify.facts.language_files import files_of
from slimify.facts.system import is_for_people, is_plain_root, is_shared_directory
from slimify.languages.go import LANGUAGE
from slimify.languages.go.generators import is_generator
from slimify.languages.go.package_facts import go_toolchain
from slimify.languages.go.planning.names import copied_again, named_paths, opens_unknown
from slimify.languages.go.planning.symlink_copies import with_link_targets
from slimify.languages.go.vocabulary import GoAction
from slimify.model.decisions import Reason
from slimify.model.effects import ADDS_FILES, CHANGES_FILES, LEAVES_NOTHING, Action
from slimify.planning.final_stage.commands import real_atoms
from slimify.planning.final_stage.rebase import path_dirs
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.machine.content import may_bring_files
from slimify.semantics.paths import PathMarks, inside, inside_any, overlap
from slimify.syntax.dockerfile.instructions import CopyParts, copy_parts

_MAX_LINES = 6


class RuntimeFiles(Struct, frozen=True, kw_only=True):
    """What the final stage copies from the builder, the instructions that it drops, and narrowed COPYs in
    `replace`. `whole` are the COPYs of directories that stay as they are, each with the reason."""

    copies: tuple[CopyFromBuilder, ...]
    drop: frozenset[int]
    replace: Mapping[int, str]
    whole: Mapping[int, Reason]


def runtime_files(program: Program) -> RuntimeFiles:
    """The files of the stage in which the program runs."""
    named, unknown = named_paths(program), opens_unknown(program)
    copies = tuple(
        CopyFromBuilder(path=m.path, after=m.first, is_file=m.is_file)
        for m in program.artifacts
        if _is_needed(program, m, named, unknown)
    ) + tuple(_generated(program, named))
    drop: set[int] = set()
    replace: dict[int, str] = {}
    kept = [t.path for t in copies]
    folders = [t.path for t in copies if not t.is_file]
    lost: list[str] = []
    whole: dict[int, Reason] = {}
    for step in program.steps:
        if step.keyword not in ("COPY", "ADD"):
            continue
        places = step.visit.copy_targets or ()
        why = _open_world(program, step, named)
        if why is not None:
            whole[step.index] = why
            kept += places
            continue
        if step.role == "both" and _copies_only_sources(step, named, unknown):
            drop.add(step.index)
            lost += places
            continue
        entries = _needed_entries(program, step, named)
        if entries is not None:
            entries = tuple(e for e in entries if not inside_any(posixpath.join(places[0], e), folders))
        if entries is None:
            kept += places if step.role != "build" else ()
            continue
        lost += places
        if entries:
            replace[step.index] = _narrowed_copy(program, step, entries)
            kept += [posixpath.join(places[0], e) for e in entries]
        else:
            drop.add(step.index)
    idle = _idle_runs(program, kept, lost, named, unknown)
    replace |= _with_slash(program, idle, drop | set(replace))
    drop |= idle
    return RuntimeFiles(copies=copies, drop=frozenset(drop), replace=replace, whole=whole)


def _generated(program: Program, named: Sequence[str]) -> Iterator[CopyFromBuilder]:
    """The trees in which `go generate` may have left a file that the program reads: nothing else is certain
    to bring it."""
    for step in program.steps:
        makers = [e for e in step.effects if e.action == Action.GENERATE]
        for tree in dict.fromkeys(w for e in makers for w in e.writes):
            if any(absent_files(program, tree, named)):
                yield CopyFromBuilder(path=tree, after=step.index)


def _is_needed(program: Program, made: Artifact, named: Sequence[str], unknown: bool) -> bool:
    """Whether run time may need an artifact of the build."""
    name = posixpath.basename(made.path)
    if made.path.endswith((".go", ".mod", ".sum")) or is_toolchain(program, made):
        return False
    if any(overlap(made.path, path) for path in named):
        return True
    if not made.is_file and posixpath.basename(made.path) == "vendor":
        return False
    if made.is_file and _is_fetched(program, made.path):
        return for_people(program, made.path) or _may_be_started(program, name)
    if made.is_file and _is_side_install(program, made.path):
        return name in program.runtime_needs.commands
    if (
        made.kind in ("fetch", "unpack")
        and not made.is_file
        and _all_names_known(program)
        and _is_emptied(program, made.path)
    ):
        return False
    if made.kind in ADDS_FILES:
        if (
            posixpath.dirname(made.path) in path_dirs(program)
            and name not in program.runtime_needs.commands
            and _all_names_known(program)
        ):
            return name in built_programs(program)
        return "/src/" not in made.path or (
            inside(made.path, program.end_state.cwd or "/") and "/src/" in (program.end_state.cwd or "")
        )
    if not made.is_file and _is_source_tree(program, made):
        return unknown
    return True


def is_toolchain(program: Program, made: Artifact) -> bool:
    """Whether it is the toolchain, unpacked from its archive, and run time starts nothing of it."""
    unpacked = [w for e in program.effects if e.does("unpack", LANGUAGE.name) for w in e.writes]
    usual = f"{made.path}/" in files_of(LANGUAGE.name).toolchain_directories  # where its time zones are known
    zones = not usual and {"tz", "external"} & program.runtime_needs.sources.features
    return made.path in unpacked and not (zones or go_toolchain() & {*program.runtime_needs.commands})


def _is_fetched(program: Program, path: str) -> bool:
    """Whether a program was compiled from sources outside the context."""
    makers = [e for e in program.effects if path in e.outputs and e.does("compile", "go")]
    return bool(makers) and all(e.action in (GoAction.GET, GoAction.INSTALL) and not e.reads for e in makers)


def for_people(program: Program, path: str) -> bool:
    """Whether `go install` compiled a program from elsewhere that nothing which was read starts: people may,
    by its name. Generators of sources serve builds alone."""
    name = posixpath.basename(path)
    makers = [e for e in program.effects if path in e.outputs]
    called = {tool for e in program.effects for tool in (e.tool, *e.tools)}
    return (
        _is_fetched(program, path)
        and all(e.action == GoAction.INSTALL for e in makers)
        and not is_generator(name)
        and name not in called
        and not _may_be_started(program, name)
    )


def _may_be_started(program: Program, name: str) -> bool:
    """Whether run time starts a program, or may start any."""
    return name in program.runtime_needs.commands or unknown_programs_of(program) is not None


def _is_side_install(program: Program, path: str) -> bool:
    """Whether `go get` installed the program below GOPATH while another step builds the one that runs."""
    builds = [e for e in program.effects if e.does("compile", "go") and e.outputs and e.reads]
    makers = [e for e in builds if path in e.outputs]
    return (
        bool(makers)
        and all(e.action == GoAction.GET for e in makers)
        and any(e.action != GoAction.GET for e in builds)
    )


def _is_emptied(program: Program, path: str) -> bool:
    """Whether an archive was unpacked only for one part, which a later command moved away."""
    moves = [e for e in program.effects if e.tool == "mv"]
    return any(inside(r, path) for e in moves for r in e.reads)


def built_programs(program: Program) -> frozenset[str]:
    """The names of the programs that are built from the context."""
    builds = [e for e, _ in program.making if e.does("compile", "go") and e.reads]
    return frozenset(posixpath.basename(path) for e in builds for path in e.outputs)


def _all_names_known(program: Program) -> bool:
    """Whether all sources were read and no name is composed at run time."""
    sources = program.runtime_needs.sources
    return sources.complete and not sources.dynamic


def _is_source_tree(program: Program, made: Artifact) -> bool:
    """Whether sources were copied to the directory, or it exists for sources."""
    return any(overlap(p, made.path) for p in program.copy_targets)


def _copies_only_sources(step: Step, named: Sequence[str], unknown: bool) -> bool:
    """Whether a COPY of single files copies only files for the compiler."""
    names = step.visit.copied_files
    places = step.visit.copy_targets or ()
    if names and all(n.endswith((".go", "/go.mod", "/go.sum")) and n not in named for n in names):
        return True
    if not names or any(overlap(p, n) for p in names for n in named if not is_shared_directory(n)):
        return False
    single = all(n in places for n in names)
    return all(_is_no_data(posixpath.basename(n)) for n in names) or (not unknown and not single)


def _open_world(program: Program, step: Step, named: Sequence[str]) -> Reason | None:
    """Why a COPY of a directory can't be narrowed; None if it can, or if it copies something else."""
    places = step.visit.copy_targets or ()
    source = _copied_directory(program.context, copy_parts(step.instruction))
    if (
        step.role != "both"
        or source is None
        or len(places) != 1
        or _is_aside(program, source, places[0], named)
    ):
        return None
    why = unknown_readers(program, places[0], named)
    sources, cwd = program.runtime_needs.sources, program.end_state.cwd
    unread = sources.unread
    if why is None and unread and may_compose_names_in(places[0], sources, cwd, program.effects):
        below = ((posixpath.join(places[0], p), p) for p in _entries_below(program.context, source))
        if any(not _is_needed_entry(path, p, named) and not _is_no_data(p) for path, p in below):
            computed = Reason.of("SL316", "computed", use=unread[0])
            return Reason.of("SL316", "module", use=unread[0]) if unread[0].name else computed
    return why


def _is_aside(program: Program, source: str, place: str, named: Sequence[str]) -> bool:
    """Whether a directory beside or below the one where programs start holds nothing but input of the
    compiler, and nothing names it."""
    cwd = program.end_state.cwd or "/"
    others = [n for n in named if n != place and not inside(cwd, n)]
    if inside(cwd, place) or any(overlap(n, place) for n in others):
        return False
    below = _entries_below(program.context, source)
    compiled = re.compile(LANGUAGE.facts("sources.toml")["files"]["compiled"])
    return bool(below) and all(map(compiled.search, below))


def _needed_entries(program: Program, step: Step, named: Sequence[str]) -> tuple[str, ...] | None:
    """The entries of a copied directory that the final stage needs; None to copy it unchanged."""
    context = program.context
    parts = copy_parts(step.instruction)
    places = step.visit.copy_targets or ()
    source = _copied_directory(context, parts)
    if step.role != "both" or source is None or len(places) != 1:
        return None
    if set(source) & set("*?[$"):
        return None
    made = program.end_state.view.made | copied_again(program, step)
    below = [p for p in _entries_below(context, source) if posixpath.join(places[0], p) not in made]
    if not below or any(n == places[0] for n in named if n != program.end_state.cwd):
        return None
    found = dict.fromkeys(
        p.partition("/")[0] for p in below if _is_needed_entry(posixpath.join(places[0], p), p, named)
    )
    entries = with_link_targets(context, source, places[0], found)
    if len(entries) > _MAX_LINES or len(entries) == len({p.partition("/")[0] for p in below}):
        return None
    if any(posixpath.join(source, entry) in context.symlinks for entry in entries):
        return None  # COPY follows a link that it names
    return entries


def _copied_directory(context: Context, parts: CopyParts) -> str | None:
    """The one context directory that a COPY takes ("" for the whole context); None if it takes anything
    else."""
    if len(parts.sources) != 1 or parts.from_stage is not None:
        return None
    source = posixpath.normpath(parts.sources[0]).strip("/")
    if source in ("", "."):
        return ""
    return source if context.is_dir(source) else None


def _entries_below(context: Context, source: str) -> list[str]:
    """The content of a context directory, relative to it: files, links, and empty directories (to be filled
    at run time, or a submodule that was not fetched)."""
    prefix = source + "/" if source else ""
    linked = {folder for link in context.symlinks for folder in _folders(link)}
    bare = (p for p in context.directories if not context.under(p) and p not in linked)
    others = sorted(p for p in (*context.symlinks, *bare) if p.startswith(prefix) and p != prefix)
    return [p[len(prefix) :] for p in (*context.under(source), *others)]


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _is_needed_entry(path: str, relative: str, named: Sequence[str]) -> bool:
    """Whether an entry is needed. `relative` is its path inside the copied directory; naming that directory
    does not name its sources."""
    root = path.removesuffix(relative).rstrip("/")
    near = [n for n in named if not is_shared_directory(n) and inside(path, n)]
    if any(n != root for n in near) and (path in named or not path.endswith(".go")):
        return True
    return bool(near) and not _is_no_data(relative)


def _narrowed_copy(program: Program, step: Step, entries: Iterable[str]) -> str:
    """COPY instructions for some entries of a directory, with the flags and words of the user's."""
    context: Context = program.context
    parts = copy_parts(step.instruction)
    folder = _copied_directory(context, parts)
    source = f"{folder}/" if folder else ""
    flags = "".join(f"{flag} " for flag in step.instruction.flags)
    dest = parts.dest.rstrip("/") if parts.dest.rstrip("/") else ""
    keyword = "copy" if step.instruction.raw.lstrip()[:3].islower() else "COPY"
    folders = [e for e in entries if context.is_dir(source + e)]
    single = [e for e in entries if e not in folders]
    lines = [f"{keyword} {flags}{' '.join(source + e for e in single)} {dest}/"] if single else []
    lines += [f"{keyword} {flags}{source}{e} {dest}/{e}" for e in folders]
    return program.dockerfile.newline.join(lines)


def _idle_runs(
    program: Program, kept: Sequence[str], lost: Sequence[str], named: Sequence[str], unknown: bool
) -> frozenset[int]:
    """RUNs that only work on files missing from the final stage, or create what a COPY creates. If the
    program opens files whose names are not known, it may use every directory that a RUN creates."""
    idle: set[int] = set()
    stays, names = PathMarks(kept), PathMarks(n for n in named if not is_shared_directory(n))
    homes = PathMarks(
        (*kept, program.end_state.cwd or "/", *(s.state.cwd for s in program.steps if s.state.cwd))
    )
    gone = PathMarks((*lost, *(m.path for m in program.artifacts if m.path not in kept)))
    for step in program.steps:
        real = [a for a in real_atoms(step) if a.role != "build"] if step.keyword == "RUN" else []
        effects = [e for a in real for e in a.effects]
        if not real or {e.kind for e in effects} - CHANGES_FILES - LEAVES_NOTHING:
            continue
        made = [p for e in effects for p in (*e.writes, *e.deletes)]
        directories = [p for e in effects if e.tool == "mkdir" for p in e.writes]
        makes = bool(made) and is_plain_root(step.state.user)
        makes = makes and all(e.tool == "mkdir" for e in effects if e.kind not in LEAVES_NOTHING)
        if makes and all(homes.below(p) >= 0 for p in made):
            idle.add(step.index)
            continue
        if not made or any(names.overlapping(p) >= 0 for p in made):
            continue
        absent = all(gone.containing(p) >= 0 and stays.overlapping(p) < 0 for p in made)
        if unknown and any(gone.below(p) < 0 for p in directories):
            for path in directories:
                stays.note(path)
        elif absent or (makes and all(_is_above(p, gone, stays) for p in made)):
            idle.add(step.index)
            for path in made:
                gone.note(path)
    return frozenset(idle)


def _with_slash(program: Program, idle: frozenset[int], done: set[int]) -> dict[int, str]:
    """COPYs of a file to a directory that only a dropped mkdir creates: without a trailing slash, the
    destination would become the file (https://docs.docker.com/reference/dockerfile/#destination)."""
    made = [p for s in program.steps if s.index in idle for e in s.effects for p in e.writes]
    copies = {e.visit.index: e.copy for e in program.machine.final.own if e.copy is not None}
    found: dict[int, str] = {}
    for step in program.steps:
        copy = copies.get(step.index)
        if copy is None or step.role == "build" or step.index in done or not copy.into:
            continue
        dest, target = copy.parts.dest, copy.target
        if copy.parts.names_directory or target is None or len(copy.sources) > 1:
            continue
        if any(inside(path, target) for path in made) and may_bring_files(copy):
            line = step.instruction.raw.rstrip()
            at = line.rfind(dest) + len(dest)
            found[step.index] = f"{line[:at]}/{line[at:]}"
    return found


def _is_above(path: str, gone: PathMarks, kept: PathMarks) -> bool:
    return gone.below(path) >= 0 and kept.below(path) < 0 and not is_shared_directory(path)


def _is_no_data(path: str) -> bool:
    """Whether only the compiler, builders or people read a context path."""
    return bool(re.search(LANGUAGE.compiler_files, path)) or is_for_people(path)
