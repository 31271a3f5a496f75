"""Checks the table of media types that file servers read: full base images have it, slim ones don't."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.facts.language_files import is_in_package
from slimify.facts.mediatypes import TABLE, first_file_server, known, served
from slimify.model.counts import counted
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.disk.start_commands import start_command_lines
from slimify.verify.model import Check, Finding, Grade, disk_check, path_constraint

MEDIA = "SL533"


def check(evidence: Evidence, language: str | None) -> Check:
    """The media types of files in served directories are still known. Files of installed packages are
    served by few applications."""
    table = evidence.before.image.contents.get(TABLE)
    own = known(language)
    detail = "no file server reads a table of media types"
    findings: tuple[Finding, ...] = ()
    if table is not None and own and first_file_server(_named_programs(evidence), language):
        lost = {} if evidence.after.entry(TABLE) else _unknown_endings(evidence.after, table, own)
        detail = "the media types of all served files are known"
        if lost:
            ending, path = min(lost.items(), key=lambda one: (is_in_package(one[1]), one[0]))
            more = f" and {counted(len(lost) - 1, 'more extension')}" if len(lost) > 1 else ""
            detail = f"the media type of .{ending} ({path}){more} is unknown, since {TABLE} is missing"
            need = path_constraint(TABLE, detail)
            own_files = any(not is_in_package(path) for path in lost.values())
            grade: Grade = "breaks" if own_files else "may-matter"
            findings = (Finding(code=MEDIA, text=detail, path=path, constraints=(need,), grade=grade),)
    return disk_check("media types", findings, detail)


def _named_programs(evidence: Evidence) -> Iterator[str]:
    """The modules that sources import, and the words of the start commands."""
    for use in evidence.runtime_needs.sources.imports:
        yield use.name
    for words in start_command_lines(evidence.before):
        yield from " ".join(words).split()


def _unknown_endings(side: Side, table: bytes, known: frozenset[str]) -> dict[str, str]:
    """File name extensions that only the table knows, each with a served file that has it."""
    endings: set[str] = set()
    for line in table.decode("utf-8", "replace").splitlines():
        endings.update(line.partition("#")[0].split()[1:])
    endings -= known
    found: dict[str, str] = {}
    for entry in side.added():
        ending = posixpath.splitext(entry.path)[1].lstrip(".").lower()
        if ending in found and not is_in_package(found[ending]):
            continue
        if ending in endings and entry.kind in ("file", "hardlink") and served(entry.path):
            found[ending] = entry.path
    return found
