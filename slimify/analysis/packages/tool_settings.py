"""Settings of programs that only the build calls: git's configuration, the passwords in ~/.netrc."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.roles.role_state import RoleState
from slimify.facts.commands import readers_of


def build_only_reader(state: RoleState, paths: Sequence[str]) -> str:
    """The program whose settings these files are, where nothing at run time calls one that reads them and
    the image that runs does not get one either; "" for other files. They often hold what may not get into it
    (a token)."""
    known = [readers_of(path, state.language) for path in paths]
    stay = {v.name for verdicts in state.packages.values() for v in verdicts if v.role != "build"}
    if (
        not known
        or not all(known)
        or any(n in (*state.live_commands, *stay) for names in known for n in names)
    ):
        return ""
    return known[0][0]
