"""Large static files that enter the image: who names them, and how to keep them out.

In: a `Program`; out: `Asset` rows, largest first. A file is unused if no source, page, script or setting
names it or its directory. A file in a directory that is named may be served.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from slimify.analysis.context_readers import ContextReaders, context_readers
from slimify.analysis.program import Program, Step
from slimify.facts import load, merged
from slimify.facts.servers import document_roots, served_names
from slimify.facts.system import is_data_ending, is_documentation_directory
from slimify.model.decisions import Reason
from slimify.model.ignore_file import Asset
from slimify.model.regex import regex
from slimify.semantics.paths import inside_any
from slimify.syntax.dockerfile.instructions import copy_parts

_PAGE = regex(r"(^|/)[^/]+\.(md|rst|adoc)$")
_MAX_PAGES = 200
_MIN_NAME_LENGTH = 4  # letters; shorter names are too common


class _File(Struct, frozen=True):
    """A file of the context, its image path, and the line that copies it."""

    path: str
    size: int
    place: str
    line: int


def assets(program: Program) -> tuple[Asset, ...]:
    """The assets, largest first. Small files are reported as their directory."""
    floor = load("waste.toml")["floors"]["static"]
    located = ((path, list(_located(program, members))) for path, members in _grouped(program, floor))
    groups = [(path, found) for path, found in located if sum(f.size for f in found) >= floor]
    named = context_readers(program) if groups else None
    if named is None:
        return ()
    rows = (_asset(program, named, path, members) for path, members in groups)
    return tuple(sorted(rows, key=lambda a: (-a.bytes, a.path)))


def _grouped(program: Program, floor: int) -> Iterator[tuple[str, list[str]]]:
    """Large files by themselves, small files of a directory together."""
    endings = frozenset(load("waste.toml")["static"]["endings"])
    sizes = program.context.files
    small: dict[str, list[str]] = {}
    for path, size in sizes.items():
        if posixpath.splitext(path)[1][1:].lower() not in endings:
            continue
        if size >= floor:
            yield path, [path]
        else:
            small.setdefault(posixpath.dirname(path), []).append(path)
    for directory, members in small.items():
        if directory and sum(sizes[path] for path in members) >= floor:
            yield f"{directory}/", members


def _located(program: Program, paths: list[str]) -> Iterator[_File]:
    """The files that a COPY puts into the image and no step reads."""
    elsewhere = re.compile(load("waste.toml")["static"]["elsewhere"])
    copies = [s for s in program.steps if s.keyword in ("COPY", "ADD")]
    reads = {r for e in program.effects for r in (*e.reads, *e.deletes)}
    reads = {r for r in (*reads, *program.runtime_needs.paths) if r.count("/") > 1 and "." in r}
    for path in paths:
        place = next(iter(program.end_state.view.image_paths(path)), "")
        if not place or elsewhere.search(place) or inside_any(place, reads):
            continue
        line = next((s.line for s in reversed(copies) if _copies_path(s, path)), 0)
        if line:
            yield _File(path, program.context.files[path], place, line)


def _copies_path(step: Step, path: str) -> bool:
    parts = copy_parts(step.instruction)
    if parts.from_stage is not None:
        return False
    sources = [posixpath.normpath(s.strip("/") or ".") for s in parts.sources]
    return any(s == "." or path == s or path.startswith(f"{s}/") or "*" in s for s in sources)


def _asset(program: Program, named: ContextReaders, path: str, members: list[_File]) -> Asset:
    evidence, used = _evidence(program, named, members)
    data = all(is_data_ending(posixpath.splitext(f.path)[1][1:].lower()) for f in members)
    files = {f.path for f in members}
    alone = not path.endswith("/") or files.issuperset(program.context.under(path.rstrip("/")))
    ignorable = (
        not used
        and alone
        and named.only_by_directory(path.rstrip("/"))
        and not re.search(r"[\s\\*?\[!#]", path)
    )
    action: Literal["ignore", "object storage", "volume"] = "volume" if data else "object storage"
    return Asset(
        path=path,
        bytes=sum(f.size for f in members),
        line=members[0].line,
        evidence=evidence,
        action="ignore" if ignorable else action,
    )


def _evidence(program: Program, named: ContextReaders, members: list[_File]) -> tuple[Reason, bool]:
    """Who was found to use the files, and whether anything may use them."""
    for file in members:
        base = posixpath.basename(file.path)
        stem = posixpath.splitext(base)[0]
        said = base if named.mentions(base) else stem if named.quotes_name(stem) else ""
        if len(said) >= _MIN_NAME_LENGTH:
            return Reason.of("SL360", "named", name=said), True
    directories = [d for d in posixpath.dirname(members[0].path).split("/") if d]
    for name in reversed(directories):
        if named.names_directory(name):
            return Reason.of("SL360", "directory", name=name), True
    places = {posixpath.dirname(f.place) for f in members}
    below = () if directories[:1] and is_documentation_directory(directories[0]) else directories
    if any(name in below for name in served_names()) or any(inside_any(p, document_roots()) for p in places):
        return Reason.of("SL360", "web_server"), True
    whole = re.compile("|".join(merged("unread.toml")["texts"]["whole"]))
    if any(whole.search(text) for text in named.texts) or _reads_whole_directory(program):
        return Reason.of("SL360", "whole_directory"), True
    page, nobody = _shown_on(program, members), Reason.of("SL360", "nobody", count=len(named.texts))
    if page:
        return Reason.of("SL360", "shown_on", page=page, why=nobody), False
    if program.runtime_needs.sources.computed or any(s.role == "unknown" for s in program.steps):
        return Reason.of("SL360", "run_time"), True
    return nobody, False


def _shown_on(program: Program, members: list[_File]) -> str:
    """The documentation page that shows all of the files: a README is not read at run time."""
    context = program.context
    names = [posixpath.basename(f.path) for f in members]
    pages = sorted((p for p in context.files if _PAGE.search(p)), key=lambda p: (p.count("/"), p))
    texts = ((page, context.text(page) or "") for page in pages[:_MAX_PAGES])
    return next((page for page, text in texts if all(name in text for name in names)), "")


def _reads_whole_directory(program: Program) -> bool:
    return any(use.name in (".", "./", "/", "..") for use in program.runtime_needs.sources.paths)
