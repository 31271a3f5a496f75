"""node_modules in the build context that the image installs itself: see `UnusedFiles` in
languages/parts.py."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.analysis.advice.unused_context_files import UnusedPattern
from slimify.analysis.context_readers import ContextReaders
from slimify.analysis.program import Program


def unused_files(program: Program, found: ContextReaders) -> Iterator[UnusedPattern]:
    """node_modules directories."""
    context, view = program.context, program.end_state.view
    for directory in dict.fromkeys(_install_directories(program)):
        where = view.context_path(directory)
        if where is None:
            continue
        path = posixpath.join(where, "node_modules")
        there = path in context.directories
        if not found.only_by_directory(path) or not found.others_install(path, "node"):
            continue
        if there and not (context.repository and context.repository.ignores(path)):
            continue  # under version control: it may be patched
        if there or (context.ignore_text is None and found.own.only_by_directory(path)):
            paths = (path,) if there else ()
            yield UnusedPattern(pattern=path, title="packages that the image installs itself", paths=paths)


def _install_directories(program: Program) -> Iterator[str]:
    for step in program.steps:
        for effect in step.effects:
            if effect.does("install", "node") and effect.manifests and not effect.command.context:
                for place in effect.writes:
                    if place.endswith("/node_modules"):
                        yield posixpath.dirname(place)
