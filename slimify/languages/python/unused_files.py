"""Virtual environments in the build context: see `UnusedFiles` in languages/parts.py."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.analysis.advice.unused_context_files import UnusedPattern
from slimify.analysis.context_readers import ContextReaders
from slimify.analysis.program import Program


def unused_files(program: Program, found: ContextReaders) -> Iterator[UnusedPattern]:
    """Virtual environments of the host, if the image installs packages itself."""
    context = program.context
    installs = any(e.does("install", "python") for e in program.effects)
    for path in sorted(posixpath.dirname(p) for p in context.files if p.endswith("/pyvenv.cfg")):
        name = posixpath.basename(path)
        if context.repository and context.repository.tracks(path):
            continue  # it may be patched
        if not installs or not found.only_by_directory(path) or not found.others_install(path, "python"):
            continue
        if not found.mentions(name) or _is_made(program, path):
            yield UnusedPattern(pattern=path, title="local virtual environments", paths=(path,))


def _is_made(program: Program, path: str) -> bool:
    """Whether a step creates the virtual environment at this path."""
    places = program.end_state.view.image_paths(path)
    return any(w == p or w.startswith(f"{p}/") for e in program.effects for w in e.writes for p in places)
