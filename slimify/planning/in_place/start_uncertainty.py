"""Whether the start command is known well enough to remove packages from the image."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.programs import watches_sources
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, LEAVES_NOTHING
from slimify.planning.start_command import runs_cloned_code, starts_global_install, starts_only_shell

# The programs called by a start command that installs, compiles or downloads are unknown.
_INSTALLS_OR_BUILDS = BUILDS | {"packages", "fetch"}


def start_uncertainty(program: Program) -> Reason | None:
    """Why the start command is not known well enough; None if it is."""
    start = program.runtime_needs.start
    if not start or not program.runtime_needs.has_start:
        return Reason.of("SL356", "no_start")
    why = unread_start(start)
    if why:
        return Reason.of("SL356", "effect", why=why)
    cloned = runs_cloned_code(program)
    if cloned:
        return cloned
    if starts_global_install(program):
        return Reason.of("SL356", "global")
    watcher = next(filter(watches_sources, program.runtime_needs.commands), None)
    if watcher:
        return Reason.of("SL356", "watcher", command=watcher)
    for effect in start:
        if effect.kind in _INSTALLS_OR_BUILDS:
            return Reason.of("SL356", "every_start", command=effect.as_written)
    if starts_only_shell(start) or all(e.kind in LEAVES_NOTHING for e in start):
        return Reason.of("SL356", "shell")
    return None
