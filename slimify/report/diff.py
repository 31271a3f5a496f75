"""Unified diffs of outcomes, for `patch -p0`."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from slimify.model.outcome import Outcome
from slimify.report.ansi import Paint
from slimify.report.printable import masked, printable

_KINDS = {"---": "head", "+++": "head", "@@": "hunk", "-": "minus", "+": "plus"}
_COLOURS = {"head": "bold", "hunk": "cyan", "minus": "red", "plus": "green"}


def diff(outcome: Outcome, directory: str = "") -> str:
    """The diff of the Dockerfile and its ignore file, with names below `directory` if it begins both of
    them; "" if nothing changes.

    Line endings are kept, and a missing final newline is marked.
    """
    if outcome.after is None or outcome.after == outcome.before:
        return ""
    patch = _patch(outcome.file.removeprefix(directory), outcome.before, outcome.after)
    return patch + ignore_diff(outcome, directory)


def ignore_diff(outcome: Outcome, directory: str = "") -> str:
    """The diff of the ignore file alone; "" if it stays."""
    ignore = outcome.ignore
    return _patch(ignore.path.removeprefix(directory), ignore.before, ignore.after) if ignore else ""


def _patch(file: str, before: str | None, after: str) -> str:
    name = _header_name(file)
    old = name if before is not None else "/dev/null"
    lines = difflib.unified_diff(lines_of(before or ""), lines_of(after), old, name)
    return "".join(x if x.endswith("\n") else f"{x}\n\\ No newline at end of file\n" for x in lines)


def colour(text: str, paint: Paint) -> str:
    """The diff with coloured lines."""
    return "\n".join(_painted(line, paint) for line in text.split("\n"))


def marked(text: str) -> list[tuple[str, str]]:
    """The lines of a diff for a page, with secrets masked, each with what it is: "head", "hunk", "plus",
    "minus" or ""."""
    lines = masked(text).rstrip("\n").split("\n")
    return [(_kind(line), line[:1] + masked(line[1:].expandtabs(4))) for line in lines if line]


def _kind(line: str) -> str:
    return next((kind for start, kind in _KINDS.items() if line.startswith(start)), "")


def _painted(line: str, paint: Paint) -> str:
    kind = _kind(line)
    return paint(line, _COLOURS[kind]) if kind else line


def lines_of(text: str) -> list[str]:
    """Lines with their endings. Only \\n ends a line, as in Docker and patch (unlike str.splitlines)."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _header_name(file: str) -> str:
    """The file relative to the working directory, because `patch` rejects absolute names."""
    if file == "-":
        file = "Dockerfile"
    here = Path.cwd()
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(here):
        file = os.path.relpath(path, here)
    if file != printable(file) or file[:1] == '"' or "\\" in file:
        return f'"{"".join(map(_quoted, file.encode("utf-8", "surrogateescape")))}"'
    # a tab terminates the name, so that it may contain spaces
    return f"{file}\t" if " " in file else file


def _quoted(byte: int) -> str:
    """A byte as git and patch read it in a quoted name."""
    char = chr(byte)
    return f"\\{char}" if char in '"\\' else char if " " <= char <= "~" else f"\\{byte:03o}"
