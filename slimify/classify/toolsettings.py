"""Settings of programs that only the build calls: git's configuration, the passwords in ~/.netrc."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from slimify.facts.commands import readers_of


def read_by_build_only(paths: Sequence[str], language: str | None, live_commands: Collection[str]) -> str:
    """The program whose settings these files are, where nothing at run time calls one that reads them; ""
    for other files. They often hold what may not get into the image that runs (a token)."""
    known = [readers_of(path, language) for path in paths]
    if not known or not all(known) or any(name in live_commands for names in known for name in names):
        return ""
    return known[0][0]
