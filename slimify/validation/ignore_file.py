"""Validates an ignore file: it excludes nothing that is needed, and includes nothing new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slimify.analysis.copied_context import copied_context
from slimify.analysis.program import Program
from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context
from slimify.model.decisions import Reason
from slimify.model.effects import INSTALLS
from slimify.model.ignore_file import IgnoreFile
from slimify.semantics.paths import inside_any


def problems(program: Program, file: IgnoreFile) -> tuple[Reason, ...]:
    """Reasons not to use the file; () if there are none."""
    return tuple(_problems(program, file))


def _problems(program: Program, file: IgnoreFile) -> Iterator[Reason]:
    context = program.context
    rules = IgnoreRules.parse(file.after)
    if rules.errors and len(rules.errors) != len(context.ignore.errors):
        yield Reason.of("SL346", "malformed", path=file.path, error=rules.errors[-1])
    takes = copied_context(program.dockerfile, context, program.build_args)
    gone = [p for p in (*context.files, *context.symlinks, *context.skipped) if rules.ignores(p)]
    for path in gone:
        if takes is None or takes.names(path):
            yield Reason.of("SL346", "instruction", path=path)
    needed = {*_runtime_files(program), *_installer_files(program), *_found_packages(program, gone)}
    yield from (Reason.of("SL346", "needed", path=path) for path in gone if path in needed)
    for path in context.ignored:
        if not rules.ignores(path.rstrip("/")):
            yield Reason.of("SL346", "added", path=path)
    yield from (Reason.of("SL346", "lost_line", quoted=repr(line)) for line in _lost_lines(context, file))


def _runtime_files(program: Program) -> Iterator[str]:
    """The files of the context that are read at run time, and the sources that name them."""
    sources = program.runtime_needs.sources
    for use in (*sources.imports, *sources.paths, *sources.commands):
        yield use.file
    for place in (
        *program.runtime_needs.paths,
        *(use.name for use in sources.paths if use.name.startswith("/")),
    ):
        path = program.end_state.view.context_path(place)
        if path:
            yield path


def _installer_files(program: Program) -> Iterator[str]:
    """The files that installers read."""
    for effect in program.effects:
        for place in (*effect.manifests, *effect.reads):
            path = program.end_state.view.context_path(place)
            if path:
                yield path


def _found_packages(program: Program, gone: Iterable[str]) -> Iterator[str]:
    """The versioned files in directories that installs fill: what an install finds there, it keeps."""
    view, repository = program.end_state.view, program.context.repository
    filled = [place for e in program.effects if e.kind in INSTALLS for place in e.writes]
    for path in filter(repository.tracks, gone) if repository is not None else ():
        if any(inside_any(place, filled) for place in view.image_paths(path)):
            yield path


def _lost_lines(context: Context, file: IgnoreFile) -> Iterator[str]:
    """The user's lines that are missing in the new file, in their order."""
    left = iter(file.after.split("\n"))
    for line in (context.ignore_text or "").rstrip("\n").split("\n") if context.ignore_text else ():
        if not any(line.rstrip("\r") == other.rstrip("\r") for other in left):
            yield line
