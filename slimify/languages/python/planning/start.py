"""What the start command of a Python image may need."""

from __future__ import annotations

from slimify.analysis.closed_worlds import mounted_sources
from slimify.analysis.program import Program
from slimify.model.decisions import Reason

_INSTALLING = frozenset({"install", "install -e", "sync", "update"})


def installs_at_start(program: Program) -> Reason | None:
    """Why the start of the image may need compilers and headers: it installs Python packages that no step
    installed before, or may, as a mount hides the manifests that the steps read. None otherwise."""
    hidden = mounted_sources(program.mounts, program.end_state.cwd) is not None
    there = [e for e in program.effects if e.does("install", "python")] if not hidden else []
    manifests = {m for e in there for m in e.manifests}
    names = {p.name.lower() for e in there for p in e.packages}
    for effect in program.runtime_needs.start:
        if not effect.does("install", "python") or effect.action not in _INSTALLING:
            continue
        new = set(effect.manifests) - manifests | {p.name.lower() for p in effect.packages} - names
        if new or not (effect.manifests or effect.packages):
            return Reason.of("SL392", "compiles_at_start", command=effect.as_written)
    return None
