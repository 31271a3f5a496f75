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
from typing import Any

from msgspec import Struct

from slimify.analysis.context_readers import Readers, readers
from slimify.analysis.program import Program
from slimify.context.hidden_files import raw_text
from slimify.context.scan import Context
from slimify.facts import load

_LISTS = frozenset({"http.server", "SimpleHTTPServer"})  # python -m …
_VENV = re.compile(r"(^|/)(\.?v?env|\.?virtualenv)$")


class Unread(Struct, frozen=True, kw_only=True):
    """One pattern for the ignore file. `paths` are what it keeps out today: none for what only grows."""

    pattern: str
    title: str
    paths: tuple[str, ...] = ()
    small: bool = False


def unread(program: Program) -> tuple[Unread, ...]:
    """The patterns, each once, in the order of the facts; () where too little is known."""
    context = program.context
    if context.root is None or not context.complete() or program.base is None:
        return ()
    found = readers(program)
    if found is None or _hands_out_all(program):
        return ()
    rows = [row for kind in load("unread.toml")["kind"] for row in _of_kind(program, found, kind)]
    rows += _installed(program, found)
    return tuple({row.pattern: row for row in rows}.values())


def _hands_out_all(program: Program) -> bool:
    """Whether the start is a server that lists its directory: whatever lies there may be asked for."""
    words = (*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ()))
    return not _LISTS.isdisjoint(part for word in words for part in word.split())


def _of_kind(program: Program, found: Readers, kind: Mapping[str, Any]) -> Iterator[Unread]:
    context, small, vcs = program.context, kind.get("small", False), kind.get("vcs", False)
    for name in kind["names"]:
        paths = [p for p in _named(context, name) if not kind.get("top") or "/" not in p]
        if not paths or not all(found.whole(p) for p in paths):
            continue
        if kind.get("free") or not (found.history if vcs else found.mentions(name)):
            at_top = all("/" not in p for p in paths)
            pattern = name if at_top else f"**/{name}"
            yield Unread(pattern=pattern, title=kind["title"], paths=tuple(paths), small=small)
    if context.ignore_text is None and found.own.whole("__pycache__"):
        for pattern in kind.get("grown", {}).get(program.language or "", ()):
            name = posixpath.basename(pattern)
            there = any(_named(context, name))
            if there or found.named(name) or (vcs and (not _is_checkout(context) or found.history)):
                continue
            yield Unread(pattern=pattern, title=kind["title"])


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


def _installed(program: Program, found: Readers) -> Iterator[Unread]:
    """node_modules that the image installs itself, and virtual environments of the host."""
    context, view = program.context, program.end.view
    for directory in dict.fromkeys(_install_directories(program)):
        where = view.context_path(directory)
        if where is None:
            continue
        path = posixpath.join(where, "node_modules")
        there = path in context.directories
        if not found.whole(path) or not found.others_install(path, "node"):
            continue
        if there and not _only_local(context, path):
            continue  # checked in: it may be patched
        if there or (context.ignore_text is None and found.own.whole(path)):
            paths = (path,) if there else ()
            yield Unread(pattern=path, title="packages that the image installs itself", paths=paths)
    python = any(e.does("install", "python") for s in program.steps for e in s.effects)
    for path in sorted(posixpath.dirname(p) for p in context.files if p.endswith("/pyvenv.cfg")):
        name = posixpath.basename(path)
        if not python or not found.whole(path) or not found.others_install(path, "python"):
            continue
        if not found.mentions(name) or _is_made(program, path):
            yield Unread(pattern=path, title="virtual environments of this machine", paths=(path,))


def _install_directories(program: Program) -> Iterator[str]:
    for step in program.steps:
        for effect in step.effects:
            if effect.does("install", "node") and effect.manifests and not effect.command.context:
                for place in effect.writes:
                    if place.endswith("/node_modules"):
                        yield posixpath.dirname(place)


def _is_made(program: Program, path: str) -> bool:
    """Whether a step makes the virtual environment that lies at this place."""
    places = program.end.view.image_paths(path)
    return any(
        w == p or w.startswith(f"{p}/")
        for s in program.steps
        for e in s.effects
        for w in e.writes
        for p in places
    )


def _only_local(context: Context, path: str) -> bool:
    """Whether the repository's own .gitignore keeps it out, so that it is nobody's source."""
    directory = posixpath.dirname(path)
    while True:
        text = raw_text(context, posixpath.join(directory, ".gitignore"))
        names = {line.strip().strip("/").removeprefix("**/") for line in (text or "").splitlines()}
        if posixpath.basename(path) in names or path in names:
            return True
        if not directory:
            return False
        directory = posixpath.dirname(directory)
