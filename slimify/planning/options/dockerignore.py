"""The ignore file that goes with a rewrite: new, or the user's with the lines that are missing.

The user's lines stay byte for byte and in their order. Docker lets the last matching line decide
(docs.docker.com/build/concepts/context, "Negating matches"), so ours come before the first exception:
whatever an exception lets in, it still lets in.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath

from slimify.analysis.advice.unused_context_files import UnusedPattern, unused_context_files
from slimify.analysis.copied_context import CopiedContext, context_size, copied_context
from slimify.analysis.program import Program
from slimify.config import Builder, Options
from slimify.context.ignore_rules import IgnoreRules
from slimify.context.scan import Context
from slimify.model.decisions import Decision
from slimify.model.ignore_file import IgnoreFile
from slimify.syntax.dockerfile.instructions import copy_parts


def proposal(
    program: Program, options: Options, more: Sequence[UnusedPattern] = ()
) -> tuple[IgnoreFile, Decision] | None:
    """The file and what is said of it; None where there is nothing to keep out, or nobody to read it.
    `more` are rows that the user asked for."""
    context = program.context
    if not options.dockerignore or not _is_read(context, options.builder) or _is_elsewhere(program):
        return None
    takes = copied_context(program.dockerfile, context, program.build_args)
    if takes is None:
        return None
    rows = tuple(_effective(context, (*unused_context_files(program), *more)))
    if all(row.small for row in rows):
        return None
    after = completed(context.ignore_text, [row.pattern for row in rows])
    sent = (
        _sent(context, takes, IgnoreRules(), options.builder),  # what is ignored today is not listed
        _sent(context, takes, IgnoreRules.parse(after), options.builder),
    )
    file = IgnoreFile(path=context.ignore_path, before=context.ignore_text, after=after, sent=sent)
    return file, _told(file, rows)


def advised(found: tuple[IgnoreFile, Decision]) -> Decision:
    """The same as advice, for a Dockerfile that stays as it is."""
    return Decision.of("SL346", "advised", safety="advice", what=found[1].reason)


def completed(before: str | None, patterns: Sequence[str]) -> str:
    """The text of the ignore file with `patterns` in it, with the line ends that it has."""
    if before is None:
        return "".join(f"{pattern}\n" for pattern in patterns)
    end = "\r\n" if "\r\n" in before else "\n"
    lines = before.split("\n")
    new = "".join(f"{pattern}{end}" for pattern in patterns)
    first = next((n for n, line in enumerate(lines) if line.lstrip("\ufeff").strip().startswith("!")), None)
    if first is None:
        return before + ("" if not before or before.endswith("\n") else end) + new
    while first and lines[first - 1].startswith("#"):  # the comment above an exception is about it
        first -= 1
    head = "".join(f"{line}\n" for line in lines[:first])
    return head + new + before[len(head) :]


def _effective(context: Context, rows: Iterable[UnusedPattern]) -> Iterator[UnusedPattern]:
    """Those that keep something out where they will stand: no exception of the user lets it in again."""
    for row in rows:
        rules = IgnoreRules.parse(completed(context.ignore_text, [row.pattern]))
        if all(rules.ignores(path) for path in row.paths):
            yield row


def _is_elsewhere(program: Program) -> bool:
    """Whether nothing that is copied by name is there: the build context is another directory."""
    missing = Counter(found.line for found in program.findings if found.code == "SL324")
    copies = [s for s in program.steps if s.keyword in ("COPY", "ADD") and s.instruction.flag("from") is None]
    named = {s.line: [x for x in copy_parts(s.instruction).sources if normpath(x) != "."] for s in copies}
    return bool(missing) and all(missing[line] == len(names) for line, names in named.items())


def _is_read(context: Context, builder: Builder) -> bool:
    """Whether the builder reads the file: one that belongs to a single Dockerfile is BuildKit's alone, and
    buildah prefers a .containerignore (buildah-build(1))."""
    if context.ignore_text is None and os.path.lexists(context.ignore_path):
        return False  # there is one that is not readable here
    if builder == "buildah" and context.exists_on_disk(".containerignore"):
        return False
    return builder == "buildkit" or context.ignore_file in (None, ".dockerignore")


def _sent(context: Context, takes: CopiedContext, rules: IgnoreRules, builder: Builder) -> int:
    """The bytes of the context that the builder gets."""
    whole = builder in ("kaniko", "legacy")
    paths = (*context.files, *(p for p in context.skipped if p not in context.files))
    return sum(context_size(context, p) for p in paths if not rules.ignores(p) and (whole or takes.takes(p)))


def _told(file: IgnoreFile, rows: Sequence[UnusedPattern]) -> Decision:
    name, patterns = os.path.basename(file.path), tuple(row.pattern for row in rows)
    titles = tuple(dict.fromkeys(row.title for row in rows))
    if file.before is None:
        return Decision.of("SL345", "new", safety="assumed", file=name, patterns=patterns, titles=titles)
    return Decision.of("SL345", "completed", safety="assumed", file=name, patterns=patterns, titles=titles)
