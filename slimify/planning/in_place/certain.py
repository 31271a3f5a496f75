"""Whether enough is known of what the image runs to take a package out of it."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, LEAVES_NOTHING
from slimify.planning.starts import cloned_code, foreign_program, only_shell

# What a start that installs, compiles or downloads may call, nobody can tell from the outside.
_MAKING = BUILDS | {"packages", "fetch"}


def unsure(program: Program) -> Reason | None:
    """Why it is not; None where it is."""
    start = program.runtime_needs.start
    if not start or not program.runtime.starts_itself:
        return Reason.of("SL356", "no_start")
    why = unread_start(start)
    if why:
        return Reason.of("SL356", "effect", why=why)
    cloned = cloned_code(program)
    if cloned:
        return cloned
    if foreign_program(program):
        return Reason.of("SL356", "global")
    for effect in start:
        if effect.kind in _MAKING:
            words = f"`{effect.tool} {effect.action}`".replace(" `", "`")
            return Reason.of("SL356", "every_start", command=words)
    if only_shell(start) or all(e.kind in LEAVES_NOTHING for e in start):
        return Reason.of("SL356", "shell")
    return None
