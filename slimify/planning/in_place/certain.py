"""Whether enough is known of what the image runs to take a package out of it."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.analysis.runtime_needs import unread_start
from slimify.languages.node.planning.start import foreign, only_shell, unread
from slimify.model.effects import IDLE, MAKES

# What a start that installs, compiles or downloads may call, nobody can tell from the outside.
_MAKING = MAKES | {"packages", "fetch"}


def unsure(program: Program) -> str:
    """Why it is not; "" where it is."""
    start = program.runtime_needs.start
    if not start or not program.runtime.own_start:
        return "nothing says what is run in the image"
    why = unread_start(start) or unread(program)
    if why:
        return why
    if foreign(program):
        return "what is started was installed globally, and its code was not read"
    for effect in start:
        if effect.kind in _MAKING:
            words = f"`{effect.tool} {effect.action}`".replace(" `", "`")
            return f"{words} is run whenever the image starts, and may need them"
    if only_shell(start) or all(e.kind in IDLE for e in start):
        return "a shell is started, and what people run in it is not known"
    return ""
