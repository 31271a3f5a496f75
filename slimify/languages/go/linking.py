"""What the programs that an image builds are linked with: nothing of the system, the C library, or more."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.context.scan import Context
from slimify.model.effects import CHANGES_FILES, INSTALLS_NOTHING, Effect
from slimify.model.sources import SourceFacts
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts

_C = frozenset({"cgo", "plugin", "external"})  # uses of C, or sources that were not read
# Effects that create no program of unknown origin.
_LEAVES_NO_PROGRAM = INSTALLS_NOTHING | CHANGES_FILES | {"compile", "packages", "users", "prune"}
_MAYBE_PROGRAM = frozenset({"", "so", "bin", "exe", "run", "o", "a"})
_MAX_FILES = 2_000  # files whose first bytes are looked at


def links_no_system_library(visits: Sequence[Visit], end: State, runtime_needs: RuntimeNeeds) -> bool:
    """Whether no step builds or fetches anything but pure Go programs, and no context file is another kind
    of program."""
    sources = runtime_needs.sources
    if not sources.complete or _C & sources.features:
        return False
    effects = (e for v in visits for atom in v.effects for e in atom)
    if any(e.kind not in _LEAVES_NO_PROGRAM or e.writes_anywhere for e in effects):
        return False
    if any(v.instruction.keyword == "ADD" or _takes_from_elsewhere(v) for v in visits):
        return False
    return not _has_program(end.view.context)


def may_load_libc(sources: SourceFacts) -> bool:
    """Whether the linker may use the C library: net, os/user, plugins and "C" need it (cmd/link; other
    programs are linked internally)."""
    return bool({"net", "user", "cgo", "plugin"} & sources.features)


def links_statically(effect: Effect, env: Mapping[str, str | None]) -> bool:
    """Whether a build switches cgo off or asks the linker for a static program."""
    return env.get("CGO_ENABLED") == "0" or bool({"CGO_ENABLED=0", "static"} & set(effect.settings))


def _takes_from_elsewhere(visit: Visit) -> bool:
    return visit.instruction.keyword == "COPY" and copy_parts(visit.instruction).from_stage is not None


def _has_program(context: Context) -> bool:
    files = [p for p in context.files if posixpath.splitext(p)[1][1:].lower() in _MAYBE_PROGRAM]
    return len(files) > _MAX_FILES or any((context.head(p, 4) or "").startswith("\x7fELF") for p in files)
