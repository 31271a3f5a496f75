"""/etc/mime.types: full base images have it, slim ones do not, and some servers derive media types from
it."""

from __future__ import annotations

import posixpath
from itertools import chain

from slimify.analysis.program import Program
from slimify.facts.carried import data_files
from slimify.facts.mediatypes import (
    TABLE,
    asks_table,
    endings_by_table,
    first_file_server,
    frontend_prefixes,
    served,
)
from slimify.model.decisions import Decision, Reason


def media_types(program: Program, base: str) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """The COPY of the media type table, and its decision; both empty if no served file depends on it.

    Only files of the context and packages known to contain browser assets are considered.
    """
    there = program.base is not None and TABLE in data_files(program.base)
    why = _reason(program) if there else None
    if why is None:
        return (), ()
    line = f"COPY --from=builder {TABLE} {TABLE}"
    return (line,), (Decision.of("SL311", "media_types", path=TABLE, why=why, base=base),)


def _reason(program: Program) -> Reason | None:
    language = program.language
    imports = [use.name for use in program.runtime_needs.sources.imports]
    asked = asks_table(imports, language)
    if asked:
        return Reason.of("SL311", "asked_types", module=asked)
    named = next((u.file for u in program.runtime_needs.sources.paths if u.name == TABLE), "")
    if named:
        return Reason.of("SL311", "needed_by", user=named)
    words = chain(program.runtime.entrypoint or (), program.runtime.cmd or ())
    server = first_file_server((*imports, *(part for word in words for part in word.split())), language)
    if not server:
        return None
    frontend = next((name for name in imports if name.startswith(frontend_prefixes(language))), "")
    if frontend:
        return Reason.of("SL311", "frontend", frontend=frontend)
    base = program.base
    endings = endings_by_table(language, base.version if base else None, base.suite if base else None)
    for path in program.context.files:
        if served(path) and posixpath.splitext(path)[1].lstrip(".").lower() in endings:
            return Reason.of("SL311", "server_types", server=server, path=path)
    return None
