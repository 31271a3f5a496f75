"""The files that web servers read and serve, according to their configuration in the build context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from slimify.analysis.program import Program
from slimify.facts.servers import configuration_directories, document_roots, is_web_server, path_directives
from slimify.model.regex import regex
from slimify.model.sources import Use


class ServedFiles(Struct, frozen=True, kw_only=True):
    """The image paths that the configuration of the web servers names, each with its place, and the first
    place where it names a path that only run time knows."""

    paths: tuple[Use, ...] = ()
    unknown: Use | None = None


def served_files(program: Program) -> ServedFiles:
    """What the web servers that run time starts read and serve. Without a configuration in the context, it is
    what their packages configure."""
    if not any(map(is_web_server, program.runtime_needs.commands)):
        return ServedFiles()
    found = [Use(name=path, file="Dockerfile", line=0) for path in document_roots()]
    unknown: Use | None = None
    for path in _configurations(program):
        file = program.end_state.view.context_path(path) or "Dockerfile"
        text = program.end_state.view.text(path) or ""
        found.append(Use(name=path, file=file, line=1))
        for number, line in enumerate(text.splitlines(), 1):
            for directive, value in _directive().findall(line.partition("#")[0]):
                use = Use(name=value, file=file, line=number)
                if value.startswith("/") and not set(value) & set("${"):
                    found.append(use)
                elif directive.lower() not in _BESIDE:
                    unknown = unknown or use
    return ServedFiles(paths=tuple(found), unknown=unknown)


@cache
def _directive() -> re.Pattern[str]:
    """A directive with a path, and the path."""
    names = "|".join(map(re.escape, path_directives()))
    return re.compile(rf"""(?:^|[\s;{{])({names})(?:\s*=\s*|\s+)["']?([^\s;"']+)""")


_BESIDE = ("include", "includeoptional")  # relative to the configuration itself


def _configurations(program: Program) -> Iterator[str]:
    """The configuration files of the context: where servers look for them, and what start commands name."""
    view = program.end_state.view
    for directory in configuration_directories():
        yield from view.under(directory)
    for effect in program.runtime_needs.start:
        texts = [view.text(path) or "" for path in effect.reads]
        words = [w.value or "" for w in effect.command.words] + [m for t in texts for m in _NAME.findall(t)]
        for word in words:
            path = posixpath.normpath(posixpath.join(effect.cwd or "/", word.rpartition("=")[2]))
            if _CONFIGURATION.search(path) and view.text(path) is not None:
                yield path


_NAME = regex(r"(?<![\w./-])[\w./-]+\.[\w.-]+")
_CONFIGURATION = regex(r"nginx|httpd|apache|lighttpd|Caddyfile|\.conf\b")
