"""Files of the build context that neither the build nor the application reads.

In: a `Program`; out: `UnusedPattern` rows. Candidates come from facts/unread.toml. A candidate is dropped if
an instruction names it, or a text that the build or the application may follow: steps, scripts they call,
sources, manifests, in this Dockerfile and in every other one that shares the context.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from slimify.analysis.context_readers import ContextReaders, context_readers
from slimify.analysis.program import Program
from slimify.config import disk
from slimify.context.scan import Context
from slimify.facts import load
from slimify.facts.programs import container_engines
from slimify.languages import languages

if TYPE_CHECKING:
    from slimify.languages.parts import UnusedFiles


class UnusedPattern(Struct, frozen=True, kw_only=True):
    """One pattern for the ignore file. `paths` are the files it excludes today; empty for files that only
    appear later."""

    pattern: str
    title: str
    paths: tuple[str, ...] = ()
    small: bool = False


def unused_context_files(program: Program) -> tuple[UnusedPattern, ...]:
    """The patterns, without duplicates, in the order of the facts. Empty if too little is known."""
    context = program.context
    if context.root is None or not context.is_fully_listed() or program.base is None:
        return ()
    found = context_readers(program)
    if found is None or _serves_directory_listing(program):
        return ()
    rows = [row for kind in _fact_rows(program) for row in _patterns_of_row(program, found, kind)]
    rows += (row for part in _language_parts() for row in part.unused_files(program, found))
    return tuple({row.pattern: row for row in rows}.values())


def _language_parts() -> Iterator[UnusedFiles]:
    return (part for known in languages() if (part := known.unused_files) is not None)


def _fact_rows(program: Program) -> Iterator[Mapping[str, Any]]:
    """The rows of the facts. Patterns for files that appear later apply only to images of a known
    language."""
    called = {*program.runtime_needs.commands, *(e.tool for e in program.effects)}
    for row in load("unread.toml")["kind"]:
        if row.get("engines") and not called.isdisjoint(container_engines()):
            continue
        if not row.get("languages"):
            yield row if program.language else {**row, "grown": ()}
            continue
        for known in languages():
            for own in known.facts("unread.toml").get("kind", ()):
                yield own if known.name == program.language else {**own, "grown": ()}


def _serves_directory_listing(program: Program) -> bool:
    """Whether the start command is a server that lists its directory, so any file may be requested."""
    words = program.runtime.argv
    listing = {name for known in languages() for name in known.facts("unread.toml").get("listing", ())}
    return not listing.isdisjoint(part for word in words for part in word.split())


def _patterns_of_row(
    program: Program, found: ContextReaders, kind: Mapping[str, Any]
) -> Iterator[UnusedPattern]:
    context, small, vcs = program.context, kind.get("small", False), kind.get("vcs", False)
    for name in kind["names"]:
        paths = [p for p in _paths_named(context, name) if not kind.get("top") or "/" not in p]
        if not paths or not all(found.only_by_directory(p) for p in paths):
            continue
        if kind.get("free") or not (found.reads_history if vcs else found.mentions(name)):
            at_top = all("/" not in p for p in paths)
            pattern = name if at_top else f"**/{name}"
            yield UnusedPattern(pattern=pattern, title=kind["title"], paths=tuple(paths), small=small)
    if context.ignore_text is None and found.own.only_by_directory("__pycache__"):
        for pattern in kind.get("grown", ()):
            name = posixpath.basename(pattern)
            there = any(_paths_named(context, name))
            if there or found.named(name) or (vcs and (not _is_checkout(context) or found.reads_history)):
                continue
            yield UnusedPattern(pattern=pattern, title=kind["title"])


def _is_checkout(context: Context) -> bool:
    """Whether the context root may be the root of a repository: no parent directory is one."""
    assert context.root is not None
    above = context.root.parents
    return not any(disk.exists(str(directory / ".git")) for directory in above)


def _paths_named(context: Context, name: str) -> Sequence[str]:
    known = context.once("paths by name", lambda: _paths_by_name(context))
    if "*" not in name:
        return known.get(name, ())
    matches = re.compile(fnmatch.translate(name)).match
    return [path for base, paths in known.items() if matches(base) for path in paths]


def _paths_by_name(context: Context) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for path in (*context.directories, *context.files):
        found.setdefault(path.rpartition("/")[2], []).append(path)
    return found
