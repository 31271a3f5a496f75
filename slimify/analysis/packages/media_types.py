"""/etc/mime.types: full base images have it, slim ones only with packages that bring it (python3-dev), and
some servers derive media types from it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from slimify.analysis.program import RuntimeContract
from slimify.context.scan import Context
from slimify.facts.carried import data_files
from slimify.facts.debian import older_name
from slimify.facts.images import ImageFacts
from slimify.facts.mediatypes import (
    TABLE,
    asks_table,
    endings_by_table,
    first_file_server,
    frontend_prefixes,
    served,
)
from slimify.model.decisions import Reason
from slimify.model.sources import SourceFacts, Use


def reads_table(
    sources: SourceFacts,
    runtime: RuntimeContract,
    language: str | None,
    base: ImageFacts | None,
    context: Context,
) -> Reason | None:
    """Why the application needs the table; None if no served file depends on it. Only files of the context
    and packages known to contain browser assets are considered."""
    imports = [use.name for use in sources.imports]
    asked = asks_table(imports, language)
    if asked:
        return Reason.of("SL311", "asked_types", module=asked)
    named = next((u.file for u in sources.paths if u.name == TABLE), "")
    if named:
        return Reason.of("SL311", "needed_by", user=named)
    words = (part for word in runtime.argv for part in word.split())
    server = first_file_server((*imports, *words), language)
    if not server:
        return None
    frontend = next((name for name in imports if name.startswith(frontend_prefixes(language))), "")
    if frontend:
        return Reason.of("SL311", "frontend", frontend=frontend)
    endings = endings_by_table(language, base.version if base else None, base.suite if base else None)
    for path in context.files:
        if served(path) and posixpath.splitext(path)[1].lstrip(".").lower() in endings:
            return Reason.of("SL311", "server_types", server=server, path=path)
    return None


def table_package(
    sources: SourceFacts,
    runtime: RuntimeContract,
    language: str | None,
    base: ImageFacts | None,
    context: Context,
) -> Mapping[str, Use]:
    """The package of the table, if the base image lacks it and the application reads it: another package may
    have brought it along."""
    if base is None or TABLE in data_files(base):
        return {}
    if reads_table(sources, runtime, language, base, context) is None:
        return {}
    return {older_name("media-types", base.suite): Use(name="the look-up of media types", file="", line=0)}
