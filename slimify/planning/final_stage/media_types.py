"""/etc/mime.types out of a full base image."""

from __future__ import annotations

from slimify.analysis.packages.media_types import reads_table
from slimify.analysis.program import Program
from slimify.facts.carried import data_files
from slimify.facts.mediatypes import TABLE
from slimify.model.decisions import Decision


def media_types(program: Program, base: str) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """The COPY of the media type table, and its decision; both empty if no served file depends on it."""
    if program.base is None or TABLE not in data_files(program.base):
        return (), ()
    sources = program.runtime_needs.sources
    why = reads_table(sources, program.runtime, program.language, program.base, program.context)
    if why is None:
        return (), ()
    line = f"COPY --from=builder {TABLE} {TABLE}"
    return (line,), (Decision.of("SL311", "media_types", path=TABLE, why=why, base=base),)
