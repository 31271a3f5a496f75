"""Settings of programs that only the build calls: git configuration, passwords in ~/.netrc."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.roles.role_state import RoleState
from slimify.facts.commands import readers_of


def build_only_reader(state: RoleState, paths: Sequence[str]) -> str:
    """The program that reads these settings files, if neither run time nor a package of the final stage needs
    it; "" otherwise. Such files often hold secrets that must not enter the image."""
    known = [readers_of(path, state.language) for path in paths]
    stay = {v.name for verdicts in state.packages.values() for v in verdicts if v.role != "build"}
    if (
        not known
        or not all(known)
        or any(n in (*state.runtime_commands, *stay) for names in known for n in names)
    ):
        return ""
    return known[0][0]
