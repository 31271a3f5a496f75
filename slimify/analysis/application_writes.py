"""Where the application writes, to decide whether it can run as a non-root user.

Searches the sources for calls that write. Anything that is not understood counts as a write to an unknown
place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from slimify.analysis.program import Program
from slimify.analysis.sources import application_sources
from slimify.facts import load
from slimify.facts.system import in_kernel_tree, is_systems, is_world_writable
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.regex import regex
from slimify.semantics.paths import inside, inside_any, is_named_place

_CONSTANT = regex(r"""\s*[rbuf]*(?P<quote>["'`])(?P<path>[^"'`$\\\n{}%]+)(?P=quote)\s*[,)]""")
_TEMPORARY = regex(r"tmpdir\(|TempDir\(|tempfile\.|gettempdir|mkdtemp")
_MAKES_DIRECTORY = regex("mkdir|make_?dir|ensure_?dir|empty_?dir", re.IGNORECASE)
_ARGUMENT_LENGTH = 120  # characters after a call that are searched for its path


class ApplicationWrites(Struct, frozen=True, kw_only=True):
    """Directories (absolute image paths) that the application writes to. If `why` is set, `places` is
    incomplete: a write could not be located, or needs root."""

    places: tuple[str, ...] = ()
    why: Reason | None = None


def application_writes(program: Program) -> ApplicationWrites:
    """What the application's own sources write."""
    sources = program.runtime_needs.sources
    own = language(program.language)
    facts = own.facts("nonroot.toml") if own is not None else {}
    files = application_sources(program.end_state.view, program.language or "")
    if not facts or not files:
        return ApplicationWrites(why=Reason.of("SL331", "no_sources"))
    if sources.skipped:
        return ApplicationWrites(why=Reason.of("SL331", "unread", file=sources.skipped[0]))
    modules = re.compile(facts["modules"], re.IGNORECASE)
    for use in sources.imports:
        if modules.fullmatch(use.name) if facts.get("whole") else modules.search(use.name):
            return ApplicationWrites(why=Reason.of("SL331", "may_keep", user=use))
    configured = _configured_writes(program)
    if configured:
        return ApplicationWrites(why=configured)
    places: dict[str, None] = {}
    for file in files:
        found = _written_directories(program, file, facts)
        if isinstance(found, Reason):
            return ApplicationWrites(why=found)
        places |= dict.fromkeys(found)
    return ApplicationWrites(places=tuple(places))


def _configured_writes(program: Program) -> Reason | None:
    """The first configuration file that names a place to write to; None if none does."""
    known = load("nonroot.toml")["config"]
    for file in program.context.files:
        name = file.rpartition("/")[2]
        if not name.endswith(tuple(known["endings"])) or name in known["not"] or "lock" in name:
            continue
        if not program.end_state.view.image_paths(file):
            continue
        text = program.context.text(file)
        match = re.search(known["text"], text or "")
        if text is None or match is not None:
            if text is None or match is None:
                return Reason.of("SL331", "configured_unread", file=file)
            return Reason.of("SL331", "configured", file=file, at=_line(text, match.start()))
    return None


def _written_directories(program: Program, file: str, facts: Mapping[str, Any]) -> list[str] | Reason:
    """The directories that calls in a file write to, or why they are not known."""
    text = program.context.text(file)
    if text is None:
        return Reason.of("SL331", "unread", file=file)
    if match := re.search(facts["root"], text):
        return Reason.of("SL331", "root_only", file=file, at=_line(text, match.start()))
    if match := re.search(load("nonroot.toml")["ports"]["source"], text):
        return Reason.of("SL331", "low_port", file=file, at=_line(text, match.start()))
    if "text" in facts and (match := re.search(facts["text"], text)):
        return Reason.of("SL331", "may_write", file=file, at=_line(text, match.start()))
    found: list[str] = []
    for match in re.finditer(facts["call"], text):
        argument = text[match.end() : match.end() + _ARGUMENT_LENGTH]
        constant = _CONSTANT.match(argument)
        if constant is None:
            if _TEMPORARY.search(argument.split("\n")[0]):
                continue
            return Reason.of("SL331", "writes_unknown", file=file, at=_line(text, match.start()))
        place = _directory(program, constant["path"], _MAKES_DIRECTORY.search(match[0]) is not None)
        if place is None:
            return Reason.of(
                "SL331", "writes", file=file, at=_line(text, match.start()), path=constant["path"]
            )
        found += [place] if place else []
    return found


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _directory(program: Program, path: str, itself: bool) -> str | None:
    """The directory that has to be writable: "" if it is world-writable, None if it contains more than
    written files."""
    cwd = program.end_state.cwd
    if not path.startswith("/") and cwd is None:
        return None
    full = posixpath.normpath(posixpath.join(cwd or "/", path))
    place = full if itself else posixpath.dirname(full)
    if is_world_writable(full):
        return ""
    return place if is_own_directory(program, place) else None


def is_own_directory(program: Program, place: str) -> bool:
    """Whether the directory contains nothing from the image: no system directory, program or working
    directory."""
    if place.count("/") < 2 and place not in ("/data", "/uploads", "/logs", "/cache", "/storage"):
        return False
    if is_systems(place) or in_kernel_tree(place) or inside_any(place, ("/root", "/run")):
        return False
    holds = (program.end_state.cwd or "/", *(m.path for m in program.artifacts if not is_named_place(m.path)))
    return not any(inside(path, place) for path in holds) and not any(_copied_files(program, place))


def _copied_files(program: Program, place: str) -> Iterator[str]:
    """Files of the context that are copied there."""
    yield from program.end_state.view.under(place)
