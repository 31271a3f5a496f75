"""The ignore file that accompanies a rewrite: a new one, or the user's with added lines.

The user's lines keep their bytes and order. The last matching line wins
(docs.docker.com/build/concepts/context, "Negating matches"). So new lines go before the first exception,
and every exception keeps its effect.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath, splitext

from slimify.analysis.advice.unused_context_files import UnusedPattern, unused_context_files
from slimify.analysis.context_readers import context_readers
from slimify.analysis.copied_context import CopiedContext, context_size, copied_context
from slimify.analysis.program import Program
from slimify.config import Builder, Options, disk
from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context
from slimify.model.decisions import Decision
from slimify.model.effects import INSTALLS
from slimify.model.ignore_file import IgnoreFile
from slimify.semantics.context_files import CopiedPath
from slimify.semantics.machine.stages import Machine, Stage
from slimify.semantics.paths import inside_any
from slimify.syntax.dockerfile.instructions import copy_parts

_INSTALLED = "packages that the image installs itself"


def ignore_file_proposal(
    program: Program, options: Options, new: Machine | None = None, more: Sequence[UnusedPattern] = ()
) -> tuple[IgnoreFile, Decision] | None:
    """The ignore file and its decision; None if there is nothing to exclude, or if the builder would not
    read the file. `new` is the new Dockerfile, executed; `more` are rows that the user requested."""
    context = program.context
    if not options.dockerignore or not _is_read(context, options.builder) or _context_is_elsewhere(program):
        return None
    takes = copied_context(program.dockerfile, context, program.build_args)
    if takes is None:
        return None
    needed = _overlaid_packages(program, new) if new is not None else ()
    found = {row.pattern: row for row in (*unused_context_files(program), *needed, *more)}
    rows = tuple(_effective_rows(context, found.values()))
    if all(row.small for row in rows):
        return None
    after = completed_text(context.ignore_text, [row.pattern for row in rows])
    sent = (
        _context_bytes(
            context, takes, IgnoreRules(), options.builder
        ),  # the scan does not list what is already ignored
        _context_bytes(context, takes, IgnoreRules.parse(after), options.builder),
    )
    file = IgnoreFile(path=context.ignore_path, before=context.ignore_text, after=after, sent=sent)
    return file, _decision(file, rows)


def _overlaid_packages(program: Program, new: Machine) -> Iterator[UnusedPattern]:
    """A row for each directory of packages that the new last stage copies over a directory of the context:
    packages of the machine that builds would stay between those of the builder."""
    readers = context_readers(program)
    installed = [place for e in program.effects if e.kind in INSTALLS for place in e.writes]
    before = {*_laid_over_context(program.executed(program.dockerfile).final)}
    for path, place in dict.fromkeys(_laid_over_context(new.final)):
        is_lock_file = bool(splitext(path)[1])
        if (path, place) in before or readers is None or is_lock_file or not inside_any(place, installed):
            continue
        if readers.only_by_directory(path) and readers.others_install(path, program.language or ""):
            paths = (path,) if program.context.has(path) else ()
            yield UnusedPattern(pattern=path, title=_INSTALLED, paths=paths)


def _laid_over_context(stage: Stage) -> Iterator[tuple[str, str]]:
    """The directories of other stages that are copied where a COPY before may bring one of the context: its
    path there and in the image."""
    brought: list[CopiedPath] = []
    for copy in filter(None, (event.copy for event in stage.events)):
        brought += copy.view.copied_directories
        for place in (copy.targets or ()) if copy.stage is not None else ():
            for path in filter(None, (item.source_of(place) for item in brought)):
                if not copy.view.context.ignore.ignores(path):
                    yield path, place


def as_advice(found: tuple[IgnoreFile, Decision]) -> Decision:
    """The decision as advice, for a Dockerfile that stays as it is."""
    return Decision.of("SL346", "advised", what=found[1].reason)


def completed_text(before: str | None, patterns: Sequence[str]) -> str:
    """The text of the ignore file with `patterns` added, in its own line ends; `before` is None for a new
    file."""
    if before is None:
        return "".join(f"{pattern}\n" for pattern in patterns)
    end = "\r\n" if "\r\n" in before else "\n"
    lines = before.split("\n")
    new = "".join(f"{pattern}{end}" for pattern in patterns)
    first = next((n for n, line in enumerate(lines) if line.lstrip("\ufeff").strip().startswith("!")), None)
    if first is None:
        return before + ("" if not before or before.endswith("\n") else end) + new
    begin = first
    while begin and lines[begin - 1].strip():
        begin -= 1
    if lines[begin].startswith("#"):  # the exception belongs to what the comment stands above
        first, new = begin, new + end
    head = "".join(f"{line}\n" for line in lines[:first])
    return head + new + before[len(head) :]


def _effective_rows(context: Context, rows: Iterable[UnusedPattern]) -> Iterator[UnusedPattern]:
    """The rows whose pattern excludes all its paths; an exception of the user may include one again."""
    for row in rows:
        rules = IgnoreRules.parse(completed_text(context.ignore_text, [row.pattern]))
        if all(rules.ignores(path) for path in row.paths):
            yield row


def _context_is_elsewhere(program: Program) -> bool:
    """Whether no file that is copied by name exists: the build context must be another directory."""
    missing = Counter(found.line for found in program.findings if found.code == "SL324")
    copies = [s for s in program.steps if s.keyword in ("COPY", "ADD") and s.instruction.flag("from") is None]
    named = {s.line: [x for x in copy_parts(s.instruction).sources if normpath(x) != "."] for s in copies}
    return bool(missing) and all(missing[line] == len(names) for line, names in named.items())


def _is_read(context: Context, builder: Builder) -> bool:
    """Whether the builder reads the file: only BuildKit reads one for a single Dockerfile, and buildah
    prefers a .containerignore (buildah-build(1))."""
    if context.ignore_text is None and disk.is_there(context.ignore_path):
        return False  # the file exists, but can't be read
    if builder == "buildah" and context.exists_on_disk(".containerignore"):
        return False
    return builder == "buildkit" or context.ignore_file in (None, ".dockerignore")


def _context_bytes(context: Context, takes: CopiedContext, rules: IgnoreRules, builder: Builder) -> int:
    """The bytes of the context that are sent to the builder."""
    whole = builder in ("kaniko", "legacy")
    paths = (*context.files, *(p for p in context.skipped if p not in context.files))
    return sum(context_size(context, p) for p in paths if not rules.ignores(p) and (whole or takes.copies(p)))


def _decision(file: IgnoreFile, rows: Sequence[UnusedPattern]) -> Decision:
    name, patterns = os.path.basename(file.path), tuple(row.pattern for row in rows)
    titles = tuple(dict.fromkeys(row.title for row in rows))
    if file.before is None:
        return Decision.of("SL345", "new", file=name, patterns=patterns, titles=titles)
    return Decision.of("SL345", "completed", file=name, patterns=patterns, titles=titles)
