"""What of the build context neither the build nor the running program reads, by evidence.

In: a `Program`; out: `Unread` rows. A name is a candidate by facts/unread.toml; it stays wherever an
instruction names it, or a text that the build or the program may follow does: steps, scripts that they
call, sources, manifests, in this Dockerfile and in every other one that shares the context.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from slimify.analysis.context_readers import ContextReaders, context_readers
from slimify.analysis.program import Program
from slimify.context.ignored_files import unfiltered_text
from slimify.context.scan import Context
from slimify.facts import load
from slimify.languages import languages

if TYPE_CHECKING:
    from slimify.languages.parts import UnusedFiles


class UnusedPattern(Struct, frozen=True, kw_only=True):
    """One pattern for the ignore file. `paths` are what it keeps out today: none for what only grows."""

    pattern: str
    title: str
    paths: tuple[str, ...] = ()
    small: bool = False


def unused_context_files(program: Program) -> tuple[UnusedPattern, ...]:
    """The patterns, each once, in the order of the facts; () where too little is known."""
    context = program.context
    if context.root is None or not context.is_fully_listed() or program.base is None:
        return ()
    found = context_readers(program)
    if found is None or _hands_out_all(program):
        return ()
    rows = [row for kind in _kinds(program) for row in _of_kind(program, found, kind)]
    rows += (row for part in _parts() for row in part.find(program, found))
    return tuple({row.pattern: row for row in rows}.values())


def _parts() -> Iterator[UnusedFiles]:
    return (part for known in languages() if (part := known.unused_files) is not None)


def _kinds(program: Program) -> Iterator[Mapping[str, Any]]:
    """The rows of the facts; one that grows counts so in images of its language, or of any known one."""
    for row in load("unread.toml")["kind"]:
        if not row.get("languages"):
            yield row if program.language else {**row, "grown": ()}
            continue
        for known in languages():
            for own in known.facts("unread.toml").get("kind", ()):
                yield own if known.name == program.language else {**own, "grown": ()}


def _hands_out_all(program: Program) -> bool:
    """Whether the start is a server that lists its directory: whatever lies there may be asked for."""
    words = (*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ()))
    listing = {name for known in languages() for name in known.facts("unread.toml").get("listing", ())}
    return not listing.isdisjoint(part for word in words for part in word.split())


def _of_kind(program: Program, found: ContextReaders, kind: Mapping[str, Any]) -> Iterator[UnusedPattern]:
    context, small, vcs = program.context, kind.get("small", False), kind.get("vcs", False)
    for name in kind["names"]:
        paths = [p for p in _named(context, name) if not kind.get("top") or "/" not in p]
        if not paths or not all(found.whole(p) for p in paths):
            continue
        if kind.get("free") or not (found.history if vcs else found.mentions(name)):
            at_top = all("/" not in p for p in paths)
            pattern = name if at_top else f"**/{name}"
            yield UnusedPattern(pattern=pattern, title=kind["title"], paths=tuple(paths), small=small)
    if context.ignore_text is None and found.own.whole("__pycache__"):
        for pattern in kind.get("grown", ()):
            name = posixpath.basename(pattern)
            there = any(_named(context, name))
            if there or found.named(name) or (vcs and (not _is_checkout(context) or found.history)):
                continue
            yield UnusedPattern(pattern=pattern, title=kind["title"])


def _is_checkout(context: Context) -> bool:
    """Whether the root of the context may be that of a repository: the one that holds it lies not above."""
    assert context.root is not None
    above = context.root.parents
    return not any((directory / ".git").exists() for directory in above)


def _named(context: Context, name: str) -> Iterator[str]:
    pattern = re.compile(fnmatch.translate(name)) if "*" in name else None
    for path in (*context.directories, *context.files):
        base = path.rpartition("/")[2]
        if base == name or (pattern is not None and pattern.match(base)):
            yield path


def is_gitignored(context: Context, path: str) -> bool:
    """Whether the repository's own .gitignore keeps it out, so that it is nobody's source."""
    directory = posixpath.dirname(path)
    while True:
        text = unfiltered_text(context, posixpath.join(directory, ".gitignore"))
        names = {line.strip().strip("/").removeprefix("**/") for line in (text or "").splitlines()}
        if posixpath.basename(path) in names or path in names:
            return True
        if not directory:
            return False
        directory = posixpath.dirname(directory)
